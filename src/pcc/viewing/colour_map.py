"""From numbers to colours: viridis, whose steps look equally large, in grey and to the colour-blind too.

By S. van der Walt and N. Smith for matplotlib (CC0), here 33 of its 256 colours and straight lines between them, within
2 of 255. A number that is none is grey.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_VIRIDIS = """
    440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d
    2f6b8e 2c728e 297a8e 26828e 23898e 21918c 1f978b 1f9f88 21a685 27ad81 31b57b
    3dbc74 4cc26c 5cc863 6ece58 81d34d 95d840 aadc32 c0df25 d5e21a eae51a fde725
"""
_COLOURS = np.frombuffer(bytes.fromhex(_VIRIDIS), np.uint8).reshape(-1, 3)
_STEPS = 1024  # of the table that values are looked up in
_NO_NUMBER = 150  # grey


@dataclass(frozen=True)
class Scale:
    """What the two ends of the colours stand for.

    Attributes:
        label: what is shown.
        low, high: finite, low <= high; values beyond them have the colours of the ends.
        below, above: whether there are values beyond.
    """

    label: str
    low: float
    high: float
    below: bool = False
    above: bool = False

    def ticks(self) -> tuple[str, str, str]:
        """The ends and the middle in words; one alone, in the middle, where all values are equal."""
        if self.low == self.high:
            return "", f"{self.low:.4g} everywhere", ""
        low, high = "<= " * self.below + f"{self.low:.4g}", ">= " * self.above + f"{self.high:.4g}"
        return low, f"{(self.low + self.high) / 2:.4g}", high


def span(label: str, values: np.ndarray) -> Scale:
    """The scale that shows ``values``, (N,), by their 1 to 99 % range: single extremes must not take all colours.

    Where that range is empty, as of rare labels, it is all of them.
    """
    known = values[np.isfinite(values)].astype(np.float64)
    if len(known) == 0:
        return Scale(label, 0.0, 0.0)
    low, high = float(known.min()), float(known.max())
    first, last = np.percentile(known, [1, 99])
    if first == last:
        return Scale(label, low, high)
    return Scale(label, float(first), float(last), bool(low < first), bool(high > last))


def paint(values: np.ndarray, scale: Scale) -> np.ndarray:
    """(N, 3) uint8 colours of ``values``, (N,) of any numeric dtype."""
    values = values.astype(np.float64)
    extent = scale.high - scale.low
    places = (values - scale.low) / extent if extent > 0 and math.isfinite(extent) else np.zeros(len(values))
    known = np.isfinite(values)
    rows = np.rint(np.clip(np.where(known, places, 0), 0, 1) * (_STEPS - 1)).astype(np.int64)
    colours = _table()[rows]
    colours[~known] = _NO_NUMBER
    return colours


def _table() -> np.ndarray:
    """(_STEPS, 3) uint8."""
    places = np.linspace(0, len(_COLOURS) - 1, _STEPS)
    channels = [np.interp(places, np.arange(len(_COLOURS)), channel) for channel in _COLOURS.T]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
