"""Cosine and sine of the steps of a turn, in integers: alike on every machine (docs/arithmetic.md, section 13).

    angle of step u of U:  t = (u << 32) div U                     2^-32 turn
    t = k 2^22 + r                                                 one of 1024 coarse angles, and the rest
    phi = r K >> 36, K = round(2 pi 2^36)                          the rest in 2^-32 radian
    c = 2^32 - (phi^2 >> 33),  s = phi - ((phi^2 >> 32) phi div 6 >> 32)
    cos = round_shift(C[k] c - S[k] s, 32),  sin = round_shift(S[k] c + C[k] s, 32)

where C and S hold 2^30 times the cosine and sine of the coarse angles, rounded; none of them is near a half, so any
library's sine gives them. Results are in 2^-30 and off by less than 3.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pcc.ops.requantise import round_shift_reference

TURN_BITS = 30  # of the fraction of a cosine or sine
MAX_STEPS = 1 << 20  # of a turn
_COARSE_BITS = 10
_REST_BITS = 32 - _COARSE_BITS
_TWO_PI = 431777206545  # round(2 pi 2^36)


@lru_cache(maxsize=16)
def turn_table(steps: int) -> np.ndarray:
    """(steps, 2) int32: cosine and sine of ``2 pi u / steps`` in 2^-30, u = 0 .. steps - 1.

    Raises:
        ValueError: steps is not in 1..2^20.
    """
    if not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"steps: expected 1..{MAX_STEPS}, got {steps}")
    angle = (np.arange(steps, dtype=np.int64) << 32) // steps
    coarse = 2 * np.pi / (1 << _COARSE_BITS) * np.arange(1 << _COARSE_BITS)
    cosine, sine = (np.rint(np.ldexp(f(coarse), TURN_BITS)).astype(np.int64) for f in (np.cos, np.sin))
    cosine, sine = cosine[angle >> _REST_BITS], sine[angle >> _REST_BITS]
    phi = (angle & (1 << _REST_BITS) - 1) * _TWO_PI >> 36
    c = (1 << 32) - (phi * phi >> 33)
    s = phi - ((phi * phi >> 32) * phi // 6 >> 32)
    table = np.stack(
        [round_shift_reference(cosine * c - sine * s, 32), round_shift_reference(sine * c + cosine * s, 32)], 1
    )
    table = table.astype(np.int32)
    table.flags.writeable = False
    return table
