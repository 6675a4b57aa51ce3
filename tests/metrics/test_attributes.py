"""pcc.metrics.attributes: errors of colours and reflectance that fit on a napkin."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pcc.metrics.attributes import (
    attribute_psnr,
    colour_mse,
    read_attributes,
    reflectance_mse,
    reflectance_peak,
)
from pcc.metrics.nearest import Nearest
from pcc.metrics.unique import unique_points
from pcc.pointcloud import PointCloud

ONE_TO_TWO = Nearest(np.ones(1), np.array([0, 0]), np.array([0, 1]), np.ones(2, bool))  # both equally near


def read(num_points: int = 1, **fields):
    cloud = PointCloud(np.zeros((num_points, 3)), {name: np.array(values) for name, values in fields.items()})
    return read_attributes(cloud, unique_points(cloud, "a"))


def colours(*rgb, dtype=np.uint8) -> dict:
    return dict(zip(("red", "green", "blue"), np.array(rgb, dtype).T, strict=True))


def test_luma_of_green():
    """(0, 255, 0) against black: Y = .7152, Cb = -.3854, Cr = -.4542; errors are their squares."""
    one = Nearest(np.zeros(1), np.array([0]), np.array([0]), np.ones(1, bool))
    mse = colour_mse(np.array([[0, 255, 0]], np.uint8), np.zeros((1, 3), np.uint8), one)
    assert mse.tolist() == pytest.approx([0.7152**2, 0.3854**2, 0.4542**2])


def test_the_mean_colour_is_rounded_half_up():
    """Of 1 and 2 the mean is 2: no error against 2, one step against 1."""
    target = np.array([[1, 1, 1], [2, 2, 2]], np.uint8)
    assert colour_mse(np.array([[2, 2, 2]], np.uint8), target, ONE_TO_TWO).tolist() == pytest.approx([0, 0, 0])
    assert colour_mse(np.array([[1, 1, 1]], np.uint8), target, ONE_TO_TWO)[0] == pytest.approx(1 / 255**2)


def test_reflectance_takes_one_neighbour():
    """Neighbours 4 and 9, equally near 1: (1 - 4)^2, no mean."""
    assert reflectance_mse(np.array([1.0]), np.array([4.0, 9.0]), ONE_TO_TWO) == 9


def test_duplicates_lose_their_fraction():
    attributes = read(2, **colours([1, 1, 1], [2, 2, 4]), refc=np.array([3, 4], np.uint16))
    assert attributes.colours.tolist() == [[1, 1, 2]]
    assert attributes.reflectance.tolist() == [3]


def test_what_is_no_attribute():
    """Colours of 16 bits, two of three colours, and a reflectance of two columns are not compared."""
    assert read(**colours([1, 2, 3], dtype=np.uint16)).colours is None
    assert read(red=np.zeros(1, np.uint8), green=np.zeros(1, np.uint8)).colours is None
    assert read(intensity=np.zeros((1, 2))).reflectance is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_refuses_a_reflectance_that_is_not_finite(value):
    """Its MSE would be NaN, and the PSNR of that infinite: as if nothing were lost."""
    with pytest.raises(ValueError, match="field 'intensity': expected finite"):
        read(intensity=[value])


@pytest.mark.parametrize(
    ("dtype", "peak"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1), (bool, 1), (np.int8, 127)]
)
def test_peak(dtype, peak):
    assert reflectance_peak(PointCloud(np.zeros((1, 3)), {"remission": np.zeros(1, dtype)})) == peak


def test_no_peak_without_reflectance():
    assert reflectance_peak(PointCloud(np.zeros((1, 3)), {"ring": np.zeros(1)})) is None


def test_psnr():
    """10 log10(255^2 / 65.025) = 30 dB."""
    assert attribute_psnr(65.025, 255) == pytest.approx(30)
    assert attribute_psnr(0, 255) == math.inf
    assert attribute_psnr(None, 255) is None
    assert attribute_psnr(1, None) is None


def test_packed_colours_are_colours():
    """0xAARRGGBB of a PCD file, as float32 too."""
    packed = np.array([0xFF0A1400, 0x00140A01], np.uint32)
    cloud = PointCloud(np.arange(6).reshape(2, 3), {"rgba": packed.view(np.float32)})
    assert read_attributes(cloud, unique_points(cloud, "a")).colours.tolist() == [[10, 20, 0], [20, 10, 1]]
