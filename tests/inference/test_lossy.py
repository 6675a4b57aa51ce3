"""Which decisions of a level are coded, and which weights code it."""

import numpy as np
import pytest

from pcc.inference.lossy import LOSSY_SCALES, check_lossy_scale, lossy_row, pass_thresholds, whole_scale


@pytest.mark.parametrize("num_passes", [1, 8, 32, 64])
@pytest.mark.parametrize("share", [0, 1, 40, 255])
def test_thresholds_fall(share, num_passes):
    """From 16 a unit of the share, by 2560 / P a pass, rounded down, never below 0."""
    want = [max(0, 16 * share - 2560 * p // num_passes) for p in range(num_passes)]
    assert pass_thresholds(share, num_passes).tolist() == want


def test_more_is_coded_of_a_larger_share():
    shares = np.stack([pass_thresholds(share, 64) for share in range(256)])
    assert (np.diff(shares, axis=0) >= 0).all()
    assert not shares[0].any()
    assert shares[255].min() > 1500


def test_rows():
    """Eight a scale where nodes are right, by the bits of the share; eight in all where they are not."""
    assert [lossy_row(1, share, True) for share in (0, 1, 2, 3, 4, 64, 127, 128, 255)] == [0, 1, 2, 2, 3, 7, 7, 7, 7]
    assert [lossy_row(scale, 5, True) for scale in (1, 2, 3, 4, 30)] == [3, 11, 19, 19, 19]
    assert [lossy_row(scale, 5, False) for scale in (1, 2, 8, 9, 40)] == [24, 25, 31, 31, 31]
    rows = {lossy_row(scale, share, first) for scale in range(1, 40) for share in range(256) for first in (True, False)}
    assert rows == set(range(LOSSY_SCALES))


def test_whole_levels_end_before_the_lossy_ones():
    assert [whole_scale(scale, 15) for scale in (1, 14, 15, 30)] == [1, 14, 14, 14]
    assert whole_scale(30, None) == 30


@pytest.mark.parametrize(
    ("scale", "scales", "last", "lone", "message"),
    [
        (4, [1, 2], 35, 0, "one of the scales"),
        (1, [1, 4], 32, 0, "one of the scales"),
        (4, [1, 4], 34, 0, "32 from the end"),
        (True, [1, 4], 32, 0, "one of the scales"),
        (4, [1, 4], 35, 16, "lone nodes"),
    ],
)
def test_refuses(scale, scales, last, lone, message):
    check_lossy_scale(4, [1, 4, 12], 35, 0)
    check_lossy_scale(None, [1], 3, 16)
    with pytest.raises(ValueError, match=message):
        check_lossy_scale(scale, scales, last, lone)
