"""Losses: what a batch costs under a network, through the same walk that encodes and decodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pcc.codec.walk import walk
from pcc.datasets.batches import Batch
from pcc.geometry.octree import occupancies
from pcc.models.occupancy import OccupancyNet
from pcc.nn.rate import BitSum


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
