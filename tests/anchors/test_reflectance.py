"""pcc.anchors.reflectance: from_whole(to_whole(v, s), s) == v for the scale s that whole_scale finds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pcc.anchors.reflectance import from_whole, to_whole, whole_scale
from pcc.errors import AnchorError


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (np.array([], np.float32), 1),
        (np.array([0, 65535], np.uint16), 1),
        (np.array([0, 255], np.int64), 1),
        (np.array([False, True]), 1),
        (np.array([3.0, 7.0], np.float32), 1),
        (np.array([0.0, 0.01, 0.99, 1.0], np.float32), 100),
        (np.array([1, 2, 254], np.float32) / np.float32(255), 255),
        (np.array([1, 65534]) / 65535, 65535),
    ],
)
def test_there_and_back(values, scale):
    assert whole_scale("intensity", values) == scale
    whole = to_whole(values, scale)
    assert whole.dtype == np.uint16
    back = from_whole(whole, scale, values.dtype.str)
    assert back.dtype == values.dtype
    assert np.array_equal(back, values)


def test_the_smallest_scale_is_taken():
    """Halves are whole at 100; at 255 they are not."""
    assert whole_scale("r", np.array([0.5, 1.0])) == 100


def test_lossy_keeps_eight_bits():
    """|back - v| <= 1 / 510 for v on no scale."""
    values = np.array([0.1234, 1 / 3, 0.98765])
    scale = whole_scale("r", values, lossy=True)
    assert scale == 255
    assert np.abs(from_whole(to_whole(values, scale), scale, "<f8") - values).max() <= 1 / 510


@pytest.mark.parametrize("lossy", [False, True])
@pytest.mark.parametrize("values", [[-1.0], [math.nan], [math.inf], [1e6], [65536.0], [[1.0, 2.0]]])
def test_refuses(values, lossy):
    with pytest.raises(AnchorError, match="field 'my name' is no reflectance"):
        whole_scale("my name", np.array(values), lossy=lossy)


def test_refuses_a_loss_unasked():
    with pytest.raises(AnchorError, match="no reflectance"):
        whole_scale("r", np.array([math.pi]))
