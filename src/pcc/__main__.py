"""``python -m pcc``: the command ``pcc``."""

from __future__ import annotations

from pcc.cli import main

main()
