"""``pcc models``: the models that are installed, with the digests that streams name them by."""

from __future__ import annotations

from pcc.commands.shared import OK, show
from pcc.inference.registry import find_model, list_models


def installed() -> dict[str, str]:
    """name -> digest (32 hexadecimal digits) of every model that can be loaded."""
    return {name: find_model(name).digest.hex() for name in list_models()}


def run(*, as_json: bool) -> int:
    """Lists the models; gives the exit code."""
    models = installed()
    lines = [f"{name:<12} {digest}" for name, digest in models.items()]
    show({"models": models}, "\n".join(lines) or "no model is installed", as_json)
    return OK
