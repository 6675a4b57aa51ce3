"""The integer program: an occupancy network as it runs in the codec, without torch.

It is a file of integers (safetensors) whose first 16 bytes of SHA-256 name it in every stream. It implements
`pcc.codec.walk.Network` over the ops of `pcc.ops`; what its numbers mean is docs/arithmetic.md. It is made by
`pcc.models.export`, and knows nothing of training.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from pcc.errors import ModelMismatch
from pcc.geometry.octree import Level
from pcc.inference.layers import WeightSet, check_config, read_set
from pcc.ops import occupancy_head

FORMAT = "pcc-occupancy-1"
DIGEST_BYTES = 16
NUM_STAGES = 8


@dataclass(frozen=True, eq=False)
class Step:
    """One stage (and, in checkerboard order, one parity) of a level; see `pcc.codec.walk.Step`."""

    stage: int
    parity: int
    rows: np.ndarray  # (R,) int32
    occupancy: np.ndarray  # (N,) uint8, shared by all steps of the level
    layers: WeightSet
    bias1: np.ndarray  # (H,) int32
    feats: np.ndarray
    level: Level
    checkerboard: bool

    def logits(self) -> np.ndarray:
        """(R,) int16."""
        return occupancy_head.logits(
            self.layers.head[self.stage],
            self.stage,
            self.feats,
            self.level.neighbours,
            self.occupancy,
            self.rows,
            bias1=self.bias1,
            checkerboard=self.checkerboard,
            parity=self.parity,
        )

    def symbols(self) -> np.ndarray:
        """(R,) uint8 zeros and ones."""
        return self.occupancy[self.rows] >> np.uint8(self.stage) & np.uint8(1)

    def store(self, symbols: np.ndarray) -> None:
        self.occupancy[self.rows] |= symbols << np.uint8(self.stage)


class Program:
    """A loaded integer program.

    Attributes:
        name: as the card says.
        digest: 16 bytes, the start of the SHA-256 of the file.
        config: the network's shape, as `pcc.models.occupancy.OccupancyConfig` has it.
        card: what the model was trained on, licence, metrics; empty where no card lies beside the file.
        finest_voxel_m: the voxel size of scale 1 in metres; None where the model knows no absolute size.
        num_parameters: integers that the program holds.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        content = read_model(path)
        self.digest = digest_of(content)
        self.path = path
        self.card = read_card(path)
        try:
            tensors, metadata = load(content), _metadata(content)
            if metadata.get("format") != FORMAT:
                raise ModelMismatch(f"{path}: expected the format {FORMAT}, got {metadata.get('format')!r}")
            self.config: dict[str, Any] = json.loads(metadata["config"])
            check_config(self.config)
            self.sets = [read_set(tensors, i, self.config) for i in range(len(self.config["scales"]))]
        except (SafetensorError, KeyError, ValueError, TypeError) as error:
            raise ModelMismatch(f"{path}: not a valid model: {error}") from error
        self.finest_voxel_m: float | None = self.config.get("finest_voxel_m")
        self.name = str(self.card.get("name", metadata.get("name", path.stem)))
        self.num_parameters = sum(t.size for t in tensors.values())

    def __repr__(self) -> str:
        return f"Program({self.name}, {self.digest.hex()}, {self.num_parameters} parameters)"

    def view(self, level: Level) -> Level:
        return level

    def features(self, feats: np.ndarray | None, level: Level, scale: int) -> np.ndarray:
        """(N, C) uint8."""
        layers, row = self._set_of(scale)
        return layers.refine(layers.expand_children(feats, level, row), level)

    def absorb(self, feats: np.ndarray, level: Level, occupancy: np.ndarray, scale: int) -> np.ndarray:
        """(N, C) uint8."""
        return self._set_of(scale)[0].absorb_occupancy(feats, level, occupancy)

    def steps(self, feats: np.ndarray, level: Level, occupancy: np.ndarray, scale: int) -> Iterator[Step]:
        """Stage by stage, even nodes before odd ones."""
        layers, row = self._set_of(scale)
        checkerboard = bool(self.config["checkerboard"])
        for stage in range(NUM_STAGES):
            for parity, rows in enumerate(_rows_by_parity(level.octants)):
                bias1 = layers.head_bias[stage][row, parity]
                yield Step(stage, parity, rows, occupancy, layers, bias1, feats, level, checkerboard)

    def macs(self, level: Level, scale: int) -> int:
        """Multiplications (and additions of context weights) that a level costs; for reports."""
        return self._set_of(scale)[0].macs(level)

    def _set_of(self, scale: int) -> tuple[WeightSet, int]:
        scales = self.config["scales"]
        scale = min(scale, self.config["max_scale"])
        index = sum(first <= scale for first in scales) - 1
        return self.sets[index], scale - scales[index]


def _rows_by_parity(octants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    odd = (np.bitwise_count(octants) & 1).astype(bool)
    return np.flatnonzero(~odd).astype(np.int32), np.flatnonzero(odd).astype(np.int32)


def read_card(path: Path) -> dict[str, Any]:
    """The JSON card beside a model; empty if there is none.

    Raises:
        ModelMismatch: it is not a JSON object.
    """
    path = path.with_suffix(".json")
    if not path.is_file():
        return {}
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelMismatch(f"{path}: not a model's card: {error}") from error
    if not isinstance(card, dict):
        raise ModelMismatch(f"{path}: not a model's card: expected an object, got {type(card).__name__}")
    return card


def digest_of(content: bytes) -> bytes:
    """What streams name a program by, from the bytes of its file."""
    return hashlib.sha256(content).digest()[:DIGEST_BYTES]


def _metadata(content: bytes) -> dict[str, str]:
    """The metadata in the header of a sound safetensors file: a length of 8 bytes, then JSON."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return header.get("__metadata__", {})


def read_model(path: Path) -> bytes:
    """The bytes of a model's file.

    Raises:
        ModelMismatch: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMismatch(f"{path}: cannot read the model ({error.strerror})") from error
