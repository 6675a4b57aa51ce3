"""``pcc models``: the models that are installed, with the digests that streams name them by."""

from __future__ import annotations

from typing import Any

from pcc.commands.shared import OK, complain, show
from pcc.errors import ModelMismatch
from pcc.inference.registry import Model, load_program, model_paths


def installed() -> tuple[list[dict[str, Any]], int]:
    """Name (as ``--model`` takes it), digest (32 hexadecimal digits), size, licence and place of every model found.

    A damaged one has its line on stderr, and the exit code says so; it hides no other.
    """
    models, code = [], OK
    for path in model_paths():
        try:
            models.append(_describe(load_program(path)))
        except ModelMismatch as error:
            code = complain(error, path)
    return models, code


def _describe(program: Model) -> dict[str, Any]:
    return {
        "name": program.path.stem,
        "digest": program.digest.hex(),
        "num_parameters": program.num_parameters,
        "licence": program.card.get("licence") or None,
        "path": str(program.path),
    }


def run(*, as_json: bool) -> int:
    """Lists the models; gives the exit code."""
    models, code = installed()
    lines = [line for model in models for line in _lines(model)]
    show({"models": models}, lines or ["no model is installed (PCC_MODEL_PATH adds folders)"], as_json)
    return code


def _lines(model: dict[str, Any]) -> list[str]:
    return [
        f"{model['name']:<12} {model['digest']}  {model['num_parameters']:>9,} parameters  {model['path']}",
        f"{'':<12} licence: {model['licence'] or 'none stated'}",
    ]
