"""Losses: what a batch costs under a network, through the same walk that encodes and decodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pcc.codec.inferred import Inferred
from pcc.codec.walk import walk
from pcc.datasets.batches import Batch
from pcc.datasets.lossy_batches import LossyBatch
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
from pcc.nn.rate import BitSum, InferringBitSum
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


class _Estimated(Inferred):
    """Levels of which not all is coded, as they are trained."""

    def coder(self, coder: BitSum, thresholds: np.ndarray, lean: int) -> InferringBitSum:
        return InferringBitSum(coder, thresholds)


def lossy_cost(network: OccupancyNet, batch: LossyBatch) -> Cost:
    """Bits of what the levels of which not all is coded should become, seeing what they do become.

    A decision that is inferred costs as much as one that is coded: what is likely by its bits is seldom inferred
    wrongly. Levels that are coded whole cost nothing where they do not train.
    """
    coder, cloud = BitSum(), batch.batch
    known = occupancies(cloud.codes, cloud.depth)
    num_whole = cloud.depth - len(batch.shares)
    inferred = _Estimated(batch.shares, (0,) * len(batch.shares), cloud.codes)
    walk(
        network, coder, cloud.depth, level_offset=cloud.level_offset, known=known[:num_whole],
        num_roots=cloud.num_crops, inferred=inferred,
    )  # fmt: skip
    per_level = torch.stack([b.detach() for b in coder.bits]).numpy()
    return Cost(coder.total(), per_level, batch.num_points, sum(map(len, known[num_whole:])))


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
