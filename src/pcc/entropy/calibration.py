"""A byte a level that makes a network's logits fit the cloud: a scale and a shift for all of them.

A network is sure of itself as far as its training clouds let it be: cleaner scans deserve more, noisier ones less. The
encoder counts how often which logit went with which symbol, and takes the code that needs the fewest bits. A code c,
0..255, stands for ``l -> clamp(((l * (8 + c div 16) + 8) >> 4) + 32 * (c mod 16 - 8))`` (arithmetic.md, section 6):
scales of 0.5 to 1.44 and shifts of -1 to 7/8 bit.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from pcc.ops.rans import HISTOGRAM_BINS
from pcc.ops.tables import LOGIT_LIMIT, TOTAL, binary_frequencies, calibrated

UNCHANGED = 0x88
MIN_GAIN_BITS = 200  # on a level; more than the bytes of all levels of a frame
UNIT = 4096  # of a bit


def scale_and_shift(code: int) -> tuple[int, int]:
    """What the code stands for: the arguments of `pcc.ops.tables.calibrated`."""
    return 8 + (code >> 4), 32 * ((code & 15) - 8)


def best_code(counts: np.ndarray) -> int:
    """The code with the fewest bits for these decisions; `UNCHANGED` if it saves next to nothing.

    Args:
        counts: (2, 449) as `pcc.ops.rans.RansEncoder.histogram`.
    """
    costs = _costs() @ counts.reshape(-1).astype(np.int64)
    best = int(costs.argmin())
    return best if costs[UNCHANGED] - costs[best] > MIN_GAIN_BITS * UNIT else UNCHANGED


@cache
def _costs() -> np.ndarray:
    """(256, 2 * 449) int64: a decision's cost by code, and by symbol and bin. Integers: all machines choose alike."""
    bins = (16 * np.arange(HISTOGRAM_BINS) - LOGIT_LIMIT).astype(np.int16)
    logits = np.stack([calibrated(bins, *scale_and_shift(code)) for code in range(256)])
    every = np.arange(-LOGIT_LIMIT, LOGIT_LIMIT + 1, dtype=np.int16)
    of_one = np.rint(UNIT * np.log2(TOTAL / binary_frequencies(every))).astype(np.int64)
    return np.concatenate([of_one[LOGIT_LIMIT - logits], of_one[LOGIT_LIMIT + logits]], 1)  # a zero is a one of -l
