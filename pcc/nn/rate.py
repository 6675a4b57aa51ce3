"""Bits as a loss: the training counterpart of the coders in `pcc.entropy.coders`."""

from __future__ import annotations

import torch
from torch import Tensor


class BitSum:
    """Adds up costs, differentiably.

    Attributes:
        bits: one scalar tensor per call, in bits: in the walk, one per level, root first.
    """

    def __init__(self) -> None:
        self.bits: list[Tensor] = []

    def add(self, bits: Tensor) -> None:
        self.bits.append(bits)

    def total(self) -> Tensor:
        return torch.stack(self.bits).sum()
