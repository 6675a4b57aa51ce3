"""``pcc models``: the models that are installed, with the digests that streams name them by."""

from __future__ import annotations

from typing import Any

from pcc.commands.shared import OK, show
from pcc.inference.registry import list_models


def installed() -> list[dict[str, Any]]:
    """Name (as ``--model`` takes it), digest (32 hexadecimal digits), size, licence and place of every model found."""
    return [
        {
            "name": program.path.stem,
            "digest": program.digest.hex(),
            "num_parameters": program.num_parameters,
            "licence": program.card.get("licence") or None,
            "path": str(program.path),
        }
        for program in list_models()
    ]


def run(*, as_json: bool) -> int:
    """Lists the models; gives the exit code."""
    models = installed()
    lines = [line for model in models for line in _lines(model)]
    show({"models": models}, "\n".join(lines) or "no model is installed (PCC_MODEL_PATH adds folders)", as_json)
    return OK


def _lines(model: dict[str, Any]) -> list[str]:
    return [
        f"{model['name']:<12} {model['digest']}  {model['num_parameters']:>9,} parameters  {model['path']}",
        f"{'':<12} licence: {model['licence'] or 'none stated'}",
    ]
