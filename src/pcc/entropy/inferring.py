"""A coder of trees that codes only what is not sure: the other decisions are taken for the likelier symbol.

    |logit| < threshold of the pass ? coded : logit > -lean         a certain one is neither: it is a one

What is inferred costs nothing and may be wrong; encoder and decoder go on with the same symbols. With thresholds
above all logits nothing is lost, with 0 nothing is coded.
"""

from __future__ import annotations

import numpy as np

from pcc.entropy.coders import Coder


class InferringCoder:
    """`pcc.entropy.coders.Coder.tree` by another coder's ``binary``.

    Args:
        coder: of the decisions that are coded.
        thresholds: of the passes, integers in 1/256 bit.
        lean: in 1/256 bit; the more, the more inferred ones.

    Attributes:
        number: of the pass that is coded next.
    """

    def __init__(self, coder: Coder, thresholds: np.ndarray, lean: int) -> None:
        self.coder, self.thresholds, self.lean, self.number = coder, thresholds, lean, 0

    def tree(self, logits: np.ndarray, certain: np.ndarray, values: np.ndarray | None) -> np.ndarray:
        """(N,) uint8 values; see `pcc.entropy.coders.Coder.tree`. ``values`` are those that are wanted."""
        size, rows = logits.shape[1].bit_length(), np.arange(len(logits))
        found, threshold = np.zeros(len(logits), np.uint8), self.thresholds[self.number]
        for bit in range(size):
            chosen = logits[:, 0] if size == 1 else logits[rows, (1 << bit) - 1 + found.astype(np.int64)]
            ones = (chosen > -self.lean).view(np.uint8)
            near_even = (chosen < threshold) & (chosen > -threshold)
            if bit + 1 == size and len(certain):
                sure = (certain != 0) & (found == 0)
                ones |= sure.view(np.uint8)
                near_even &= ~sure
            unsure = np.flatnonzero(near_even)
            if len(unsure):
                wanted = None if values is None else values[unsure] >> bit & 1
                ones[unsure] = self.coder.binary(np.ascontiguousarray(chosen[unsure]), wanted)
            found |= ones << np.uint8(bit)
        return found
