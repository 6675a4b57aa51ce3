"""Bits as a loss: the training counterpart of the coders in `pcc.entropy.coders`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

LOGIT_UNIT = 256  # of logits and thresholds, in a bit


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


class InferringBitSum:
    """Adds to another the bits of a level of which not all is coded (`pcc.codec.inferred`).

    Attributes:
        thresholds: of the passes, in 1/256 bit; ``number`` of them is coded next, or all at once.
    """

    def __init__(self, coder: BitSum, thresholds: np.ndarray) -> None:
        self.coder, self.thresholds, self.number = coder, thresholds, 0

    def add(self, bits: Tensor) -> None:
        self.coder.add(bits)
