"""Losses: what a batch costs under a network, through the same walk that encodes and decodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pcc.codec.walk import walk
from pcc.datasets.batches import Batch
from pcc.datasets.turns import CellBatch
from pcc.geometry.octree import occupancies
from pcc.models.lattice import (
    INPUT_ZERO,
    LatticeNet,
    Layers,
    RangeHead,
    ReflectanceHead,
    occupancy_bits,
    range_bits,
    tree_bits,
)
from pcc.models.occupancy import OccupancyNet
from pcc.nn.rate import BitSum
from pcc.ops.lattice_context import MOST_RANGE


@dataclass(frozen=True)
class Cost:
    """Bits of a batch; ``per_level`` (depth,) is detached, root first.

    Training minimises bits per node: sparse clouds have many bits and nodes a point, and would outweigh full surfaces.
    """

    bits: Tensor
    per_level: np.ndarray
    num_points: int
    num_nodes: int

    @property
    def bits_per_node(self) -> Tensor:
        return self.bits / self.num_nodes

    @property
    def bpp(self) -> Tensor:
        return self.bits / self.num_points


def occupancy_cost(network: OccupancyNet, batch: Batch) -> Cost:
    """Bits of all occupancies of a batch."""
    coder = BitSum()
    known = occupancies(batch.codes, batch.depth)
    walk(network, coder, batch.depth, level_offset=batch.level_offset, known=known, num_roots=len(known[0]))
    per_level = torch.stack([b.detach() for b in coder.bits]).numpy()
    return Cost(coder.total(), per_level, batch.num_points, sum(map(len, known)))


def lattice_cost(network: LatticeNet, batch: CellBatch | Sequence[CellBatch]) -> Cost:
    """Bits of the cells of passes: occupancy, ranges and reflectances, pass by pass."""
    parts = [batch] if isinstance(batch, CellBatch) else batch
    kinds = [kind for part in parts for kind in cell_bits(network, part)]
    bits = torch.stack(kinds)
    num_cells = sum(len(part.target) for part in parts)
    return Cost(bits.sum(), bits.detach().numpy(), max(sum(part.num_points for part in parts), 1), max(num_cells, 1))


def cell_bits(network: LatticeNet, batch: CellBatch) -> list[Tensor]:
    """Bits of occupancy, of ranges and of reflectances of one pass."""
    seen = batch.contexts
    target, head = torch.from_numpy(batch.target), cast(RangeHead, network.ranges[batch.step])
    feats = _padded(seen.feats, head.layers)
    arrays = (torch.from_numpy(array) for array in (seen.differences, seen.base, seen.guesses))
    occupied = target > 0
    logits, *mixture = head(feats, *arrays)
    weights, middles, scales = (values[occupied] for values in mixture)
    width = torch.from_numpy(batch.bin)[occupied].float()
    relative = (target - torch.from_numpy(seen.base))[occupied].float()
    ranges = range_bits(weights, middles, scales, relative, width, MOST_RANGE / width)
    shades_head = cast(ReflectanceHead, network.reflectances[batch.step])
    shades = tree_bits(
        shades_head(_padded(batch.shades, shades_head.layers)), torch.from_numpy(batch.reflectance).long()
    )
    return [occupancy_bits(logits, occupied).sum(), ranges.sum(), shades.sum()]


def _padded(feats: np.ndarray, layers: Layers) -> Tensor:
    """(N, inputs of the first layer) uint8."""
    missing = layers.weights[0].shape[0] - feats.shape[1]
    return functional.pad(torch.from_numpy(feats), (0, missing), value=INPUT_ZERO)
