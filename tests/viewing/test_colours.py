"""What clouds are coloured by: their own colours, a field, the height, the error."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.pointcloud import PointCloud
from pcc.viewing.colours import colours, error_colours, errors, own_colours

XYZ = np.array([[0, 0, 0], [1, 2, 3], [4, 5, 6]], np.int32)
RGB = {"red": np.array([1, 2, 3]), "green": np.array([4, 5, 6]), "blue": np.array([7, 8, 9])}


def test_own_colours_come_first():
    (rgb,), scale = colours([PointCloud(XYZ, {k: v.astype(np.uint8) for k, v in RGB.items()})], None, 1)
    assert rgb.tolist() == [[1, 4, 7], [2, 5, 8], [3, 6, 9]]
    assert scale is None


@pytest.mark.parametrize(("dtype", "factor"), [(np.uint8, 1), (np.uint16, 257), (np.float32, 1 / 255), (np.float64, 1)])
def test_own_colours_of_any_width(dtype, factor):
    fields = {name: np.array([0, 100, 255] * 1 * np.array(factor)).astype(dtype) for name in RGB}
    assert own_colours(PointCloud(XYZ, fields))[:, 0].tolist() == [0, 100, 255]


def test_two_clouds_share_a_scale():
    """The colour of a value is the same in both; without colours in both it is the height."""
    low, high = PointCloud(XYZ), PointCloud(XYZ + 3)
    (a, b), scale = colours([low, high], None, 2)
    assert scale is not None
    assert scale.label == "height (z)"
    assert a[1].tolist() == b[0].tolist()
    assert a[0].tolist() != b[0].tolist()


def test_a_field_of_either_shape():
    cloud = PointCloud(XYZ, {"a": np.array([1.0, np.nan, 3]), "b": np.array([[1.0], [np.nan], [3]])})
    (a,), _ = colours([cloud], "a", 1)
    (b,), _ = colours([cloud], "b", 1)
    assert np.array_equal(a, b)
    assert a[1].tolist() == [150, 150, 150]


def test_a_field_that_is_not_there():
    cloud = PointCloud(XYZ, {"normal": np.zeros((3, 3)), "i": np.zeros(3)})
    with pytest.raises(ValueError, match="got 'intensity'; it has normal, i"):
        colours([cloud], "intensity", 1)
    with pytest.raises(ValueError, match="'normal' has 3"):
        colours([cloud], "normal", 1)
    with pytest.raises(ValueError, match="it has no fields"):
        colours([PointCloud(XYZ)], "i", 1)


def test_errors_are_distances_to_the_nearest():
    pytest.importorskip("pykdtree", reason="the extra `eval` is not installed")
    moved = PointCloud(np.concatenate([XYZ, XYZ[:1] + np.array([0, 3, 4])]))
    assert errors(moved, PointCloud(np.repeat(XYZ, 2, axis=0)))[:3].tolist() == [0, 0, 0]
    assert errors(moved, PointCloud(XYZ))[3] == pytest.approx(3**0.5)  # nearest to (1, 2, 3)


def test_the_worst_point_has_the_last_colour():
    rgb, scale = error_colours(np.array([0.0, 0.0, 2.5]), "e")
    assert rgb.tolist() == [[68, 1, 84], [68, 1, 84], [253, 231, 37]]
    assert (scale.low, scale.high) == (0, 2.5)
    assert error_colours(np.zeros(3), "e")[1].ticks()[1] == "0 everywhere"


@pytest.mark.parametrize("field", [None, "rgb"])
def test_packed_colours_are_colours(field):
    """As PCD files have them, in both clouds or not at all."""
    packed = np.array([0x00010407, 0xFF020508, 0x00030609], np.uint32)
    clouds = [PointCloud(XYZ, {"rgb": packed}), PointCloud(XYZ, {"rgb": packed.view(np.float32)})]
    painted, scale = colours(clouds, field, 1)
    assert [rgb.tolist() for rgb in painted] == [[[1, 4, 7], [2, 5, 8], [3, 6, 9]]] * 2
    assert scale is None
    assert colours([clouds[0], PointCloud(XYZ, {"rgb": np.zeros(3)})], field, 1)[1] is not None
