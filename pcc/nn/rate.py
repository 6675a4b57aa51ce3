"""Bits as a loss: the training counterpart of the coders in `pcc.entropy.coders`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


class BitEstimator:
    """Adds up -log2 p of binary symbols, differentiably.

    Attributes:
        bits: one scalar tensor per call, in bits: in the walk, one per level, root first.
    """

    def __init__(self) -> None:
        self.bits: list[Tensor] = []

    def binary(self, logits: Tensor, symbols: Tensor) -> Tensor:
        """Count symbols (bool) of any shape under logits (float, bits, same shape)."""
        signed = torch.where(symbols, -logits, logits)
        self.bits.append(F.softplus(signed * math.log(2)).sum() / math.log(2))
        return symbols

    def total(self) -> Tensor:
        return torch.stack(self.bits).sum()
