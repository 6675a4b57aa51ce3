"""From the trained network to the integer program: weights s8, biases s32, multipliers and shifts.

Every number is the integer that fake quantisation rounded to, so the program computes what training estimated, up to
ties of float sums. The card beside the file says what it was trained on and under which licence it goes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from pcc.errors import ModelMismatch
from pcc.inference import lattice_program, program
from pcc.inference.lattice_program import LatticeProgram
from pcc.inference.program import Program
from pcc.models.export_lattice import lattice_tensors
from pcc.models.export_occupancy import occupancy_tensors
from pcc.models.lattice import LatticeNet
from pcc.models.occupancy import OccupancyNet


def export_model(
    network: OccupancyNet | LatticeNet,
    path: str | Path,
    *,
    name: str,
    record: dict[str, Any],
    metrics: dict[str, Any],
    licence: str,
    attribution: str = "",
) -> Path:
    """Write the program and its card; nothing is written that cannot be read back. Equal weights give equal bytes.

    Args:
        path: of the safetensors file; the card lies beside it with the suffix .json.
        record: of the training run (`pcc.training.record`).
        metrics: measured figures, for the card.
        licence: of the weights, as the data asks for it.
        attribution: what the licence wants to be said wherever the weights go.

    Raises:
        ModelMismatch: the weights do not fit the integer arithmetic.
    """
    if not all(bool(p.isfinite().all()) for p in network.parameters()):
        raise ModelMismatch(f"{name}: the weights hold NaN or infinity")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    load, form, tensors = _program_of(network)
    config = asdict(network.config)
    content = _canonical(save(tensors, {"format": form, "name": name, "config": json.dumps(config, sort_keys=True)}))
    card: dict[str, Any] = {
        "name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "digest": hashlib.sha256(content).hexdigest()[:32],
        "config": config,
        "licence": licence,
        "attribution": attribution,
        "metrics": metrics,
        "training": record,
    }
    partial, partial_card = (path.with_name(f"{path.stem}.partial.{suffix}") for suffix in ("safetensors", "json"))
    partial.write_bytes(content)
    partial_card.write_text(json.dumps(card, indent=2, sort_keys=True, default=str) + "\n")
    try:
        load(partial)
    except ModelMismatch:
        partial.unlink()
        partial_card.unlink()
        raise
    partial_card.replace(path.with_suffix(".json"))
    partial.replace(path)
    return path


def _program_of(
    network: OccupancyNet | LatticeNet,
) -> tuple[type[Program] | type[LatticeProgram], str, dict[str, np.ndarray]]:
    """What reads the program, its format, and its tensors."""
    if isinstance(network, LatticeNet):
        return LatticeProgram, lattice_program.FORMAT, lattice_tensors(network)
    return Program, program.FORMAT, occupancy_tensors(network)


def _canonical(content: bytes) -> bytes:
    """A safetensors file with its header in sorted order; the library's order of metadata changes from call to call."""
    size = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + size]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[8 + size :]
