"""The integer program of spinning LiDAR: for each pass of a range image a network for ranges and one for reflectances.

Like `pcc.inference.program` a safetensors file whose first 16 bytes of SHA-256 name it in streams, without torch. Its
metadata has the format `pcc-lattice-1` and a configuration; its tensors are, for pass p and layer j,
``pass{p}.range{j}.`` and ``pass{p}.reflectance{j}.`` with ``weight`` s8 (I, O), ``bias`` and ``multiplier`` s32 (O),
``shift`` s32 (1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from pcc.errors import ModelMismatch
from pcc.geometry.interlace import PASSES
from pcc.inference.files import digest_of, read_card, read_metadata, read_model
from pcc.ops.lattice_net import MAX_LAYERS, Dense, RangeNet, ReflectanceNet
from pcc.sensors.scan import NUM_QUARTILES, ROW_FEATS

FORMAT = "pcc-lattice-1"
REFLECTANCE_BITS = 7
_INT32_MAX = 2**31 - 1


class LatticeProgram:
    """A loaded program.

    Attributes:
        name, digest, config, card, num_parameters: as `pcc.inference.program.Program` has them.
        ranges, reflectances: the networks, one a pass.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        content = read_model(self.path)
        self.digest = digest_of(content)
        self.card = read_card(self.path)
        try:
            tensors, metadata = load(content), read_metadata(content)
            if (found := metadata.get("format")) != FORMAT:
                raise ModelMismatch(f"{path}: expected the format {FORMAT}, got {found!r}")
            self.config: dict[str, Any] = json.loads(metadata["config"])
            kernels = self.config["kernels"]
            if type(kernels) is not int or not 0 <= kernels <= 4:
                raise ValueError(f"config: expected 0 to 4 kernels, got {kernels!r}")
            self.ranges = [
                RangeNet(step, _layers(tensors, f"pass{p}.range"), kernels, ROW_FEATS) for p, step in enumerate(PASSES)
            ]
            self.reflectances = [
                ReflectanceNet(step, _shades(tensors, f"pass{p}.reflectance"), ROW_FEATS + NUM_QUARTILES)
                for p, step in enumerate(PASSES)
            ]
        except (SafetensorError, KeyError, ValueError, TypeError, RecursionError) as error:
            raise ModelMismatch(f"{path}: not a valid model: {error}") from error
        self.name = str(self.card.get("name", metadata.get("name", self.path.stem)))
        self.num_parameters = sum(t.size for t in tensors.values())

    def __repr__(self) -> str:
        return f"LatticeProgram({self.name}, {self.digest.hex()}, {self.num_parameters} parameters)"

    def macs(self, rows: int, columns: int, points: int) -> int:
        """Products that a turn costs: of its cells, and of the reflectances of so many points; for reports."""
        cells = (net.step.shape(rows, columns) for net in self.ranges)
        ranges = sum(a * b * net.macs for (a, b), net in zip(cells, self.ranges, strict=True))
        return ranges + points * self.reflectances[-1].macs


def _shades(tensors: Mapping[str, np.ndarray], name: str) -> list[Dense]:
    layers = _layers(tensors, name)
    if layers[-1].weight.shape[1] != (1 << REFLECTANCE_BITS) - 1:
        raise ValueError(f"{name}: expected {(1 << REFLECTANCE_BITS) - 1} outputs, got {layers[-1].weight.shape[1]}")
    return layers


def _layers(tensors: Mapping[str, np.ndarray], name: str) -> list[Dense]:
    layers: list[Dense] = []
    while f"{name}{len(layers)}.weight" in tensors and len(layers) < MAX_LAYERS:
        at = f"{name}{len(layers)}"
        shift = tensors[f"{at}.shift"]
        if shift.shape != (1,) or shift.dtype != np.int32:
            raise ValueError(f"{at}.shift: expected one int32, got {shift.shape} {shift.dtype}")
        layers.append(Dense(tensors[f"{at}.weight"], tensors[f"{at}.bias"], tensors[f"{at}.multiplier"], int(shift[0])))
        _check_sums(at, layers[-1])
    if not layers:
        raise KeyError(f"{name}0.weight")
    return layers


def _check_sums(name: str, layer: Dense) -> None:
    """That no sum leaves 32 bits whatever the inputs."""
    reach = 255 * np.abs(layer.weight.astype(np.int64)).sum(0) + np.abs(layer.bias.astype(np.int64))
    if reach.max() > _INT32_MAX:
        raise ValueError(f"{name}: a sum may leave 32 bits")
