"""Fields of foreign codecs: colours, and a reflectance as whole numbers of 16 bits."""

from __future__ import annotations

import numpy as np

from pcc.errors import Unsuitable

COLOURS = ("red", "green", "blue")
SCALES = (1, 100, 255, 65535)  # whole numbers, per cent (KITTI), 8 bits, 16 bits


def whole_scale(name: str, values: np.ndarray, *, lossy: bool = False) -> int:
    """The smallest factor that makes ``values`` ((N,) >= 0) whole numbers of 16 bits; ``lossy``: else 255.

    Raises:
        Unsuitable: there is none.
    """
    wide = values.astype(np.float64)
    if values.ndim == 1 and np.isfinite(wide).all() and wide.min(initial=0) >= 0:
        for scale in SCALES:
            whole = np.rint(wide * scale)
            if whole.max(initial=0) < 1 << 16 and np.array_equal((whole / scale).astype(values.dtype), values):
                return scale
        if lossy and wide.max(initial=0) * 255 < 1 << 16:
            return 255
    raise Unsuitable(f"field {name!r} is no reflectance of at most 16 bits")


def to_whole(values: np.ndarray, scale: int) -> np.ndarray:
    """(N,) uint16 of ``values`` times ``scale``."""
    return np.rint(values.astype(np.float64) * scale).astype(np.uint16)


def from_whole(whole: np.ndarray, scale: int, dtype: str) -> np.ndarray:
    """(N,) of ``dtype``: the way back."""
    values = whole.astype(np.float64) / scale
    return values.astype(dtype) if np.dtype(dtype).kind == "f" else np.rint(values).astype(dtype)
