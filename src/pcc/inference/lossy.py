"""What weights and which decisions belong to a level of which not all is coded (docs/arithmetic.md, section 24).

A level's share is one code, 0..255. Its first passes are coded where the network is not sure at all, each later one
only where it is less sure than those before: what early passes tell, later ones can infer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LOSSY_SCALES = 32  # rows of biases for such levels
SHARE_UNIT, FALL = 16, 2560  # of the thresholds, in 1/256 bit: a code's unit, and from the first pass to the end


def pass_thresholds(share: int, num_passes: int) -> np.ndarray:
    """(num_passes,) int64 in 1/256 bit: a decision is coded where its logit is below that in magnitude.

    Args:
        share: 0..255; 0: nothing is coded.
    """
    return np.maximum(SHARE_UNIT * share - FALL * np.arange(num_passes) // num_passes, 0)


def lossy_row(scale: int, share: int, first: bool) -> int:
    """0..31: which of the `LOSSY_SCALES` a level has.

    The first such level knows that its nodes are right: 8 rows for each of the scales 1, 2 and beyond, by its share.
    Those below it do not, and have 8 rows by their scale.

    Args:
        scale: levels to go, at least 1.
        first: whether all levels above are coded whole.
    """
    if not first:
        return 24 + min(scale, 8) - 1
    return 8 * (min(scale, 3) - 1) + min(share.bit_length(), 7)


def whole_scale(scale: int, lossy_scale: int | None) -> int:
    """The scale of a level that is coded whole: coarser ones than there are weights for are like the coarsest."""
    return scale if lossy_scale is None else min(scale, lossy_scale - 1)


def check_lossy_scale(lossy_scale: object, scales: Sequence[int], max_scale: int, lone_hidden: int) -> None:
    """Raise ValueError unless it is None, or one of the scales, from which on there are `LOSSY_SCALES`."""
    if lossy_scale is None:
        return
    if lone_hidden:
        raise ValueError("lossy_scale: not together with a head of its own for lone nodes")
    if type(lossy_scale) is not int or lossy_scale not in scales[1:] or max_scale != lossy_scale + LOSSY_SCALES - 1:
        raise ValueError(f"lossy_scale: expected one of the scales, {LOSSY_SCALES} from the end, got {lossy_scale!r}")
