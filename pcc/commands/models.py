"""``pcc models``: the models that are installed, with the digests that streams name them by."""

from __future__ import annotations

from typing import Any

from pcc.commands.shared import OK, show
from pcc.inference.registry import list_models


def installed() -> list[dict[str, Any]]:
    """Name, digest (32 hexadecimal digits), size, licence and place of every model that is found."""
    return [
        {
            "name": program.name,
            "digest": program.digest.hex(),
            "num_parameters": program.num_parameters,
            "licence": program.card.get("licence"),
            "path": str(program.path),
        }
        for program in list_models()
    ]


def run(*, as_json: bool) -> int:
    """Lists the models; gives the exit code."""
    models = installed()
    lines = [f"{m['name']:<12} {m['digest']}  {m['num_parameters']:>9,} parameters  {m['path']}" for m in models]
    show({"models": models}, "\n".join(lines) or "no model is installed (PCC_MODEL_PATH adds folders)", as_json)
    return OK
