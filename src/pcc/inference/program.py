"""The integer program: an occupancy network as it runs in the codec, without torch.

It is a file of integers (safetensors) whose first 16 bytes of SHA-256 name it in every stream. It implements
`pcc.codec.walk.Network` over the ops of `pcc.ops`; what its numbers mean is docs/arithmetic.md. It is made by
`pcc.models.export`, and knows nothing of training.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from pcc.entropy.coders import Coder
from pcc.errors import ModelMismatch
from pcc.geometry.coding_order import CodingOrder
from pcc.geometry.octree import Level
from pcc.inference.files import digest_of, read_card, read_metadata, read_model
from pcc.inference.format_1 import FORMAT_1, from_format_1
from pcc.inference.layers import Head, WeightSet, check_config, read_set
from pcc.ops import row_bytes
from pcc.ops.neighbour_lists import NeighbourLists, neighbour_lists

FORMAT = "pcc-occupancy-2"
NOWHERE = np.zeros(0, np.uint8)


@dataclass(frozen=True, eq=False)
class View:
    """A level, and its neighbours colour by colour."""

    level: Level
    lists: NeighbourLists


class Step:
    """A pass over a level: one group of octants of the nodes of one colour. It is a `pcc.codec.walk.Step`."""

    def __init__(self, level_passes: LevelPasses, group: int, colour: int) -> None:
        self.passes, self.group, self.colour = level_passes, group, colour

    def code(self, coder: Coder, known: bool) -> None:
        order, own = self.passes.order, self.passes.own(self.colour)
        if not len(own):
            return
        first, last = self.group * order.group_size, self.group + 1 == order.groups
        certain = (own & np.uint8((1 << first) - 1) == 0).view(np.uint8) if last else NOWHERE
        wanted = own if known else self.passes.wanted(self.colour)
        values = None if wanted is None else wanted >> np.uint8(first) & np.uint8((1 << order.group_size) - 1)
        values = coder.tree(self.passes.logits(self.group, self.colour), certain, values)
        if not known:
            row_bytes.put_bits(values, first, own, self.passes.rows(self.colour), self.passes.occupancy)


class LevelPasses:
    """What the passes of a head over a level share. Known occupancies: a colour's groups are computed at once.

    The lists have the head's colours from their colour ``first_colour`` on. Where not all is coded the target says what
    is wanted, and the occupancy fills up with what comes out.
    """

    def __init__(
        self, head: Head, first_colour: int, row: int, feats: np.ndarray, lists: NeighbourLists, occupancy: np.ndarray,
        known: bool, target: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        self.head, self.order, self.row, self.feats, self.lists = head, head.order, row, feats, lists
        self.first_colour, self.occupancy, self.known = first_colour, occupancy, known
        self.target = target
        self._ahead: dict[int, np.ndarray] = {}
        self._own: dict[int, np.ndarray] = {}

    def steps(self) -> Iterator[Step]:
        for group, colour in self.order.passes:
            yield Step(self, group, colour)

    def rows(self, colour: int) -> np.ndarray:
        """(R,) int32, the nodes of a colour."""
        return self.lists.of_colour(self.first_colour + colour)

    def own(self, colour: int) -> np.ndarray:
        """(R,) uint8, the occupancies of the nodes of a colour; of unknown ones what was decoded so far."""
        if colour not in self._own:
            self._own[colour] = row_bytes.take(self.occupancy, self.rows(colour))
        return self._own[colour]

    def wanted(self, colour: int) -> np.ndarray | None:
        """(R,) uint8, the target of the nodes of a colour; None without one."""
        return None if self.target is None else row_bytes.take(self.target, self.rows(colour))

    def logits(self, group: int, colour: int) -> np.ndarray:
        """(R, T) int16."""
        if not self.known:
            return self._logits(colour, group, 1)[0]
        if colour not in self._ahead:
            self._ahead[colour] = self._logits(colour, 0, self.order.groups)
        last = group + 1 == self.order.groups  # and memory is needed no longer
        return (self._ahead.pop(colour) if last else self._ahead[colour])[group]

    def _logits(self, colour: int, first: int, count: int) -> np.ndarray:
        return self.head.layers.logits(
            self.feats, self.lists, self.occupancy, listed=self.first_colour + colour, colour=colour, first=first,
            bias1=self.head.bias[self.row, colour, first : first + count],
        )  # fmt: skip


class Program:
    """A loaded integer program.

    Attributes:
        name: as the card says.
        digest: 16 bytes, the start of the SHA-256 of the file.
        config: the network's shape, as `pcc.models.occupancy.OccupancyConfig` has it, whatever the file's format.
        order: the coding order of its passes.
        card: what the model was trained on, licence, metrics; empty where no card lies beside the file.
        finest_voxel_m: the voxel size of scale 1 in metres; None where the model knows no absolute size.
        sparse_offset: level offset of sparse clouds; None where they have no scales of their own.
        lossy_scale: first of the scales of levels of which not all is coded; None where there are none.
        num_passes: of the coding order.
        num_parameters: integers that the program holds.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        content = read_model(path)
        self.digest = digest_of(content)
        self.path = path
        self.card = read_card(path)
        try:
            tensors, metadata = load(content), read_metadata(content)
            if (found := metadata.get("format")) not in (FORMAT, FORMAT_1):
                raise ModelMismatch(f"{path}: expected the format {FORMAT} or {FORMAT_1}, got {found!r}")
            config = json.loads(metadata["config"])
            if found == FORMAT_1:
                config, tensors = from_format_1(config, tensors)
            check_config(config)
            self.config: dict[str, Any] = {"lone_hidden": 0} | config
            self.order = CodingOrder(self.config["colours"], self.config["groups"], self.config["by_colour"])
            self.sets = [read_set(tensors, i, self.config, self.order) for i in range(len(self.config["scales"]))]
        except (SafetensorError, KeyError, ValueError, TypeError, RecursionError) as error:
            raise ModelMismatch(f"{path}: not a valid model: {error}") from error
        self.finest_voxel_m: float | None = self.config.get("finest_voxel_m")
        self.sparse_offset: int | None = self.config.get("sparse_offset")
        self.lossy_scale: int | None = self.config.get("lossy_scale")
        self.num_passes = len(self.order.passes)
        self.name = str(self.card.get("name", metadata.get("name", path.stem)))
        self.num_parameters = sum(t.size for t in tensors.values())

    def __repr__(self) -> str:
        return f"Program({self.name}, {self.digest.hex()}, {self.num_parameters} parameters)"

    def view(self, level: Level) -> View:
        lone = self.config["lone_hidden"] > 0
        return View(level, neighbour_lists(level.neighbours, level.octants, self.order.colour_of, lone=lone))

    def num_links(self, view: View) -> int:
        """Entries of the level's lists."""
        return len(view.lists.entries)

    def features(self, feats: np.ndarray | None, view: View, scale: int) -> np.ndarray:
        """(N, C) uint8."""
        layers, row = self._set_of(scale)
        return layers.refine(layers.expand_children(feats, view.level, row), view.level)

    def absorb(self, feats: np.ndarray, view: View, occupancy: np.ndarray, scale: int) -> np.ndarray:
        """(N, C) uint8."""
        return self._set_of(scale)[0].absorb_occupancy(feats, view.lists, occupancy)

    def steps(
        self, feats: np.ndarray, view: View, occupancy: np.ndarray, scale: int, known: bool,
        target: np.ndarray | None = None,
    ) -> Iterator[Step]:  # fmt: skip
        """The passes of the coding order, those over lone nodes first where they have a head of their own."""
        layers, row = self._set_of(scale)
        level = row, feats, view.lists, occupancy, known, target
        if layers.lone_head is not None:
            yield from LevelPasses(layers.lone_head, self.order.colours, *level).steps()
        yield from LevelPasses(layers.head, 0, *level).steps()

    def macs(self, level: Level, scale: int) -> int:
        """Products that a level costs; for reports."""
        return self._set_of(scale)[0].macs(level)

    def _set_of(self, scale: int) -> tuple[WeightSet, int]:
        scales = self.config["scales"]
        scale = min(scale, self.config["max_scale"])
        index = sum(first <= scale for first in scales) - 1
        return self.sets[index], scale - scales[index]
