"""What is asked of a lossy encoding."""

from __future__ import annotations

import math
from dataclasses import dataclass

MODEL = "dense-lossy"  # where none is named


@dataclass(frozen=True)
class Target:
    """What is asked for; exactly one of them.

    Attributes:
        bpp: bits of positions a point of the input, at most.
        psnr: D1 in decibels at least, with the peak 2^depth - 1.
        quality: 0..100.
    """

    bpp: float | None = None
    psnr: float | None = None
    quality: float | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.bpp, self.psnr, self.quality) if value is not None]
        if len(given) != 1:
            raise ValueError(f"bpp, psnr, quality: expected one of them, got {len(given)}")
        if not math.isfinite(given[0]) or given[0] < 0 or (self.quality or 0) > 100 or self.bpp == 0:
            raise ValueError(f"bpp, psnr, quality: expected a number above 0, quality up to 100, got {given[0]}")
