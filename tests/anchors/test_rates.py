"""pcc.anchors.rates: the table of the common test conditions, literally."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pcc.anchors.base import Setting
from pcc.anchors.rates import BOUNDS, CTC, QUALITIES, rate_points

SETTING = Setting(voxel_size=0.5, fields="all")


@pytest.mark.parametrize(
    ("bits", "denominators_of"),
    [
        (1, "1/8 1/4 1/2 3/4 7/8 15/16"),
        (10, "1/8 1/4 1/2 3/4 7/8 15/16"),
        (11, "1/16 1/8 1/4 1/2 3/4 7/8"),
        (12, "1/32 1/16 1/8 1/4 1/2 3/4"),
        (14, "1/32 1/16 1/8 1/4 1/2 3/4"),
        (15, "1/512 1/256 1/64 1/32 1/8 1/4"),
        (18, "1/512 1/256 1/64 1/32 1/8 1/4"),
    ],
)
def test_scales(bits, denominators_of):
    expected = [int(a) / int(b) for a, b in (text.split("/") for text in denominators_of.split())]
    assert [point.scale for point in rate_points(["ctc"], SETTING, bits)] == expected


def test_the_rest_of_the_table():
    points = rate_points(["ctc"], SETTING, 10)
    assert tuple(point.rate for point in points) == CTC == ("r01", "r02", "r03", "r04", "r05", "r06")
    assert [point.quantiser for point in points] == [51, 46, 40, 34, 28, 22]
    assert [point.node_size_log2 for point in points] == [5, 4, 3, 2, None, None]
    assert {(point.voxel_size, point.fields) for point in points} == {(0.5, "all")}
    assert {point.duplicates for point in points} == {"merge"}


@pytest.mark.parametrize(
    ("asked", "name"), [({}, "lossless"), ({"voxel_size": 0.5}, "voxels 0.5"), ({"max_error": 0.02}, "bound 0.02")]
)
def test_lossless_is_what_the_cloud_asks_for(asked, name):
    """Only what loses nothing is called lossless."""
    setting = Setting(fields="all", **asked)
    assert rate_points(["lossless"], setting, 10) == [replace(setting, rate=name)]


@pytest.mark.parametrize(
    ("bits", "knows_quality", "names"), [(10, True, QUALITIES), (18, True, BOUNDS), (10, False, CTC), (18, False, CTC)]
)
def test_curves_are_what_a_codec_is_made_for(bits, knows_quality, names):
    points = rate_points(["lossless", "curves"], Setting(), bits, "any", knows_quality)
    assert tuple(point.rate for point in points) == ("lossless", *names)


def test_a_mapping_is_a_setting():
    (point,) = rate_points([{"rate": "64 mm", "voxel_size": 0.064}], SETTING, 18)
    assert point == Setting("64 mm", voxel_size=0.064, fields="all")


def test_no_rates():
    assert rate_points([], SETTING, 10) == []


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (["r07"], "expected lossless, curves, ctc, bounds, qualities, or one of r01.*got 'r07'"),
        (["ctc", "r01"], "expected each once"),
        (["lossless", {"rate": "lossless"}], "expected each once"),
        ([{"voxel_size": 1}], "expected a name as 'rate'"),
        ([{"rate": "a", "step": 1}], "expected fields of Setting"),
        ([{"rate": "a", "scale": 2}], "scale: expected"),
        ([{"rates": ["ctc"], "codecs": "draco"}], "expected lists"),
        ([{"rate": "ctc", "codecs": ["draco"]}], "expected lists"),
    ],
)
def test_refuses(rates, message):
    with pytest.raises(ValueError, match=message):
        rate_points(rates, Setting(), 10)


def test_qualities():
    points = rate_points(["qualities"], Setting(fields="all"), 10)
    assert [point.rate for point in points][:2] == ["q10", "q20"]
    assert [point.quality for point in points] == [float(point.rate[1:]) for point in points]
    assert rate_points(["q75"], Setting(), 10) == [Setting(rate="q75", quality=75.0)]


def test_bounds_are_millimetres_of_clouds_in_metres():
    points = rate_points(["lossless", "bounds"], Setting(voxel_size=0.001), 18)
    assert [point.rate for point in points[1:]] == ["b004", "b008", "b016", "b032", "b064", "b128", "b256"]
    assert [point.max_error for point in points[1:3]] == [0.004, 0.008]
    assert {point.voxel_size for point in points[1:]} == {None}
    (single,) = rate_points(["b032"], Setting(), 18)
    assert single == Setting(rate="b032", max_error=0.032)


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        ("gpcc-octree", ["lossless", "r01", "r02"]),
        ("pcc", ["lossless", "b004"]),
        ("draco", ["lossless"]),
        (None, ["lossless"]),
    ],
)
def test_rates_of_some_codecs(codec, names):
    rates = [
        "lossless",
        {"rates": ["r01", "r02"], "codecs": ["gpcc-*", "tmc*"]},
        {"rates": ["b004"], "codecs": ["pcc"]},
    ]
    assert [point.rate for point in rate_points(rates, Setting(), 18, codec)] == names
