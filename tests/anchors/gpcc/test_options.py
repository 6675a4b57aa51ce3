"""pcc.anchors.gpcc.options: the options of a mode, as sets where their order says nothing."""

from __future__ import annotations

import pytest

from pcc.anchors.gpcc import options
from pcc.anchors.gpcc.lasers import Lasers
from pcc.errors import AnchorError

LASERS = Lasers((-0.4, 0.1), (0.25, -0.125), 2000)


def values(chosen: list[str]) -> dict[str, str]:
    """name -> value; of an option that comes twice the last counts, as in tmc3."""
    assert all(option.startswith("--") and option.count("=") == 1 for option in chosen)
    return dict(option[2:].split("=") for option in chosen)


@pytest.mark.parametrize("coder", [options.dense_octree, options.lidar_octree, options.lidar_predictive])
def test_duplicates_are_merged_where_voxels_grow(coder):
    """Without loss they stay unless merging is asked for; at a coarser scale they always merge."""
    assert values(coder())["mergeDuplicatedPoints"] == "0"
    assert values(coder(merge=True))["mergeDuplicatedPoints"] == "1"
    assert values(coder(0.5))["mergeDuplicatedPoints"] == "1"


@pytest.mark.parametrize(("scale", "text"), [(1.0, "1"), (0.9375, "0.9375"), (1 / 512, "0.001953125"), (0.3, "0.3")])
def test_scales_are_written_without_loss(scale, text):
    assert values(options.dense_octree(scale))["positionQuantizationScale"] == text


def test_direct_coding_is_tmc3_s_default_where_positions_are_lost():
    assert values(options.lidar_octree())["inferredDirectCodingMode"] == "3"
    assert values(options.lidar_octree(direct_coding=1))["inferredDirectCodingMode"] == "1"
    assert "inferredDirectCodingMode" not in values(options.lidar_octree(0.5))


@pytest.mark.parametrize(("size", "inner"), [(2, "0"), (3, "1"), (5, "1")])
def test_trisoup(size, inner):
    chosen = values(options.trisoup(size))
    assert chosen["trisoupNodeSizeLog2"] == str(size)
    assert chosen["trisoupCentroidResidualEnabled"] == chosen["trisoupFaceVertexEnabled"] == inner


def test_angular_mode_describes_the_lasers():
    """One value a laser; tmc3 counts heights downwards."""
    chosen = values(options.lidar_octree(lasers=LASERS))
    assert chosen["angularEnabled"] == "1"
    assert chosen["numLasers"] == "2"
    assert chosen["lasersTheta"] == "-0.400000,0.100000"
    assert chosen["lasersZ"] == "-0.250,0.125"
    assert chosen["lasersNumPhiPerTurn"] == "2000,2000"
    assert "angularEnabled" not in values(options.lidar_octree())


@pytest.mark.parametrize(
    ("scale", "azimuth_log2", "radius_log2"), [(1.0, 14, None), (1 / 4, 12, 1), (1 / 64, 8, 5), (1 / 512, 7, 8)]
)
def test_spherical_precision_follows_the_scale(scale, azimuth_log2, radius_log2):
    """A column is 2^(12 + bits) / columns of the azimuth's steps; without loss all bits are kept."""
    chosen = values(options.lidar_predictive(scale, lasers=LASERS))
    azimuth_log2 = 12 if scale == 1 else azimuth_log2
    assert chosen["positionAzimuthScaleLog2"] == str(azimuth_log2)
    assert chosen["positionAzimuthSpeed"] == str(2 ** (12 + azimuth_log2) // 2000)
    assert chosen.get("positionRadiusInvScaleLog2") == (None if radius_log2 is None else str(radius_log2))
    assert chosen["resRContextQphiThreshold"] == str(12 // 2 ** (azimuth_log2 - 7))


@pytest.mark.parametrize("transform", options.TRANSFORMS)
def test_an_attribute_comes_after_its_options(transform):
    """tmc3 gives an attribute the options before its name."""
    for chosen in (
        options.colour(transform, 34, lossless_geometry=True),
        options.reflectance(transform, 34, spherical=True),
    ):
        assert chosen[-1].startswith("--attribute=")
        assert values(chosen)["qp"] == "34"


def test_chroma_is_finer_with_raht():
    offset = [values(options.colour("raht", 4, lossless_geometry=g))["qpChromaOffset"] for g in (True, False)]
    assert offset == ["-1", "-2"]


@pytest.mark.parametrize("call", [options.colour, options.reflectance])
def test_unknown_transform(call):
    with pytest.raises(AnchorError, match="expected one of raht, lifting, predicting, haar, got 'dct'"):
        call("dct", 4, **({"lossless_geometry": True} if call is options.colour else {"spherical": False}))
