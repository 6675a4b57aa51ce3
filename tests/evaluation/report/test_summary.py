"""pcc.evaluation.report.summary: averages by the rules of the test conditions."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from pcc.evaluation.report.summary import class_means, codec_costs, comparisons, curves, geometric_mean, points
from tests.evaluation.report import cells

pytest.importorskip("scipy", reason="the extra eval is not installed")


def test_frames_of_a_sequence_are_one_point():
    """bpp of all bits by all points, mean PSNR, geometric mean of times, Mbit/s at the frame rate, highest memory."""
    slow = replace(cells.COST, encode_s=2.0, encode_peak_bytes=1 << 30)
    frames = [
        cells.cell("s/1", "draco", "r01", 100, 60.0, sequence="s", frame_rate_hz=10.0),
        cells.cell(
            "s/2", "draco", "r01", 300, 70.0, sequence="s", frame_rate_hz=10.0, num_points=3000, complexity=slow
        ),
    ]
    (point,) = points(cells.evaluation(*frames))
    assert (point.cloud, point.num_frames, point.num_points, point.num_bytes) == ("s", 2, 4000, 400)
    assert point.bpp == 0.8
    assert point.mbit_s == pytest.approx(8 * 400 * 10 / 2 / 1e6)
    assert point.psnrs == {"D1": 65.0, "D2": 70.0}
    assert point.encode_s == pytest.approx(1.0)
    assert point.encode_bytes == 1 << 30


def test_lossless_frames_do_not_average():
    """One lossless frame of two: not lossless, and the PSNR is that of the other."""
    frames = [cells.cell(f"s/{d1}", "draco", "r01", 100, d1, sequence="s") for d1 in (60.0, math.inf)]
    (point,) = points(cells.evaluation(*frames))
    assert point.lossless == "no"
    assert point.psnrs["D1"] == 60.0
    (both,) = points(cells.evaluation(frames[1], replace(frames[1], cloud="s/2")))
    assert (both.lossless, both.psnrs["D1"]) == ("multiset", math.inf)


def test_bd_rates_and_their_means():
    """Half the rate on "a", the same on "b": -50 % and 0 %, mean -25 %."""
    found = points(cells.curves())
    made = comparisons(found, "draco")
    rates = {(item.cloud, item.codec, item.metric): item.rate.value for item in made}
    assert rates["a", "pcc-dense", "D1"] == pytest.approx(-50)
    assert rates["b", "pcc-dense", "D2"] == pytest.approx(0, abs=1e-9)
    assert rates["a", "Paper", "D1"] < 0
    means = {(mean.category, mean.codec, mean.metric): mean for mean in class_means(made)}
    assert means["dense", "pcc-dense", "D1"].bd_rate == pytest.approx(-25)
    assert means["dense", "pcc-dense", "D1"].num_clouds == 2
    assert "lossless" not in curves(found, "a", "D1")


def test_costs_leave_out_what_was_not_measured_here():
    """Parameters, kMAC, times a point and memory of each codec that ran."""
    rows = {cost.codec: cost for cost in codec_costs(points(cells.curves()))}
    assert set(rows) == {"draco", "pcc-dense"}
    assert rows["draco"].encode_s == pytest.approx(0.5)
    assert rows["draco"].decode_ns_per_point == pytest.approx(0.25e9 / 1000)
    assert rows["draco"].encode_bytes == 1 << 27


def test_geometric_mean():
    assert geometric_mean([1, 100]) == pytest.approx(10)
    assert geometric_mean([0.0, math.nan]) is None
