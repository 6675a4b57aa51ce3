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
        psnr: D1 in decibels at least.
        quality: 0..100.
        peak: of the decibels, in voxels; None: 2^depth - 1.
    """

    bpp: float | None = None
    psnr: float | None = None
    quality: float | None = None
    peak: float | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("bpp", "psnr", "quality") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"bpp, psnr, quality: expected one of them, got {' and '.join(given) or 'none'}")
        if self.peak is not None and self.psnr is None:
            raise ValueError("peak: is that of psnr; expected both")
        ranges = (
            ("bpp", "above 0", lambda value: value > 0),
            ("psnr", "of 0 or more", lambda value: value >= 0),
            ("quality", "from 0 to 100", lambda value: 0 <= value <= 100),
            ("peak", "above 0", lambda value: value > 0),
        )
        for name, text, holds in ranges:
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and holds(value)):
                raise ValueError(f"{name}: expected a number {text}, got {value}")
