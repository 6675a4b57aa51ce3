"""pcc.metrics.distortion against pc_error 0.14.2 and against cases that fit on a napkin."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from pcc.metrics.distortion import Distortion, distortion, psnr, same_points
from pcc.pointcloud import PointCloud

pytest.importorskip("pykdtree", reason="the extra eval is not installed")
VECTORS = Path(__file__).resolve().parents[3] / "shared" / "anchors" / "pc_error_vectors"
NAMES = [
    "dense_step2_geometry", "dense_jitter_colour", "dense_duplicates_colour", "lidar_step64", "lidar_step64_metres",
    "reflectance", "identical",
]  # fmt: skip
PLY_TYPES = {"float": "<f4", "uchar": "u1", "uint16": "<u2"}


def cloud(*xyz, **fields) -> PointCloud:
    return PointCloud(np.array(xyz, dtype=np.float64).reshape(-1, 3), {k: np.array(v) for k, v in fields.items()})


def read_vector(name: str) -> PointCloud:
    """The little-endian PLY of the vectors, read without pcc.io: an oracle has no parts in common with its subject."""
    header, _, body = (VECTORS / name).read_bytes().partition(b"end_header\n")
    properties = [line.split()[1:] for line in header.decode().splitlines() if line.startswith("property")]
    rows = np.frombuffer(body, [(name, PLY_TYPES[kind]) for kind, name in properties])
    return PointCloud(np.stack([rows[n] for n in "xyz"], axis=1), {n: rows[n] for _, n in properties[3:]})


@pytest.mark.parametrize("name", NAMES)
def test_equals_pc_error(name):
    """|PSNR - PSNR of pc_error| <= 1e-4 dB and |MSE / MSE of pc_error - 1| <= 1e-6."""
    if not VECTORS.is_dir():
        pytest.skip(f"the outputs of pc_error are not here: {VECTORS}")
    expected = json.loads((VECTORS / "expected.json").read_text())[name]
    result = distortion(read_vector(expected["reference"]), read_vector(expected["decoded"]), expected["peak"])
    for key in {f.name for f in fields(Distortion)} & expected.keys() - {"peak"}:
        tolerance = {"rel": 1e-6} if key.endswith("mse") else {"abs": 1e-4}
        assert getattr(result, key) == pytest.approx(expected[key], **tolerance), key
    assert result.identical == (name == "identical")


def test_one_point_moved():
    """D1 = |move|^2 / 1, D2 = (move . normal)^2; PSNR = 10 log10(3 peak^2 / D1)."""
    result = distortion(cloud([0, 0, 0], nx=[0.0], ny=[0.0], nz=[1.0]), cloud([3, 0, 4]), peak=10)
    assert (result.d1_mse, result.d2_mse, result.hausdorff, result.max_error) == (25, 16, 25, 5)
    assert result.d1_psnr == pytest.approx(10 * math.log10(12))
    assert not result.identical


def test_directions_differ():
    """A lost point costs A -> B alone; the larger direction counts."""
    result = distortion(cloud([0, 0, 0], [0, 0, 6]), cloud([0, 0, 0]), peak=1, normals=np.array([[0, 0, 1.0]] * 2))
    assert (result.d1_mse_ab, result.d1_mse_ba, result.d1_mse) == (18, 0, 18)
    assert (result.hausdorff_ab, result.hausdorff_ba, result.hausdorff) == (36, 0, 36)


def test_equidistant_neighbours_share_the_normals():
    """B's point at (1, 0, 0) takes the mean of both of A's normals, ((0, 1, 0) + (1, 0, 0)) / 2: not normalised again.

    A -> B: offsets (-1, 0, 0) and (1, 0, 0), projections 1/2 each: D2 = 1/4. B -> A averages its two equidistant
    neighbours: (0 + 1) / 2 = 1/2.
    """
    a = cloud([0, 0, 0], [2, 0, 0])
    result = distortion(a, cloud([1, 0, 0]), peak=1, normals=np.array([[0.0, 1, 0], [1, 0, 0]]))
    assert (result.d2_mse_ab, result.d2_mse_ba, result.d2_mse) == (0.25, 0.5, 0.5)


def test_duplicates_are_dropped_first():
    """Three copies of one point weigh as much as one; the counts of the input are still told."""
    plain = distortion(cloud([0, 0, 0], [9, 0, 0]), cloud([0, 0, 0], [9, 0, 2]), peak=1)
    twice = distortion(cloud([0, 0, 0], [9, 0, 0], [9, 0, 0], [9, 0, 0]), cloud([0, 0, 0], [9, 0, 2]), peak=1)
    assert plain.d1_mse == twice.d1_mse == 2
    assert (twice.num_points_a, twice.num_unique_a) == (4, 2)


def test_identical_sets_in_another_order_and_number():
    """Sets are equal, multisets are not: infinite PSNR, ``identical``, but not ``same_points``."""
    a, b = cloud([0, 0, 0], [1, 2, 3]), cloud([1, 2, 3], [0, 0, 0], [1, 2, 3])
    result = distortion(a, b, peak=1)
    assert result.identical
    assert result.d1_psnr == result.d2_psnr == math.inf
    assert not same_points(a, b)
    assert same_points(a, cloud([1, 2, 3], [0, 0, 0]))


def test_many_equidistant_neighbours(rng):
    """Exact means over up to 30 equidistant neighbours, against all pairs at once."""
    a = np.unique(rng.integers(0, 6, (60, 3)), axis=0).astype(float)
    b = np.unique(rng.integers(0, 6, (40, 3)), axis=0).astype(float)
    squared = ((a[:, None] - b) ** 2).sum(axis=2)
    normals = np.tile([0.0, 0.6, 0.8], (len(a), 1))
    nearest = squared == squared.min(axis=1, keepdims=True)
    projected = ((a[:, None] - b) @ normals[0]) ** 2
    result = distortion(cloud(*a), cloud(*b), peak=1, normals=normals)
    assert result.d1_mse_ab == pytest.approx(squared.min(axis=1).mean())
    assert result.d2_mse_ab == pytest.approx(((projected * nearest).sum(axis=1) / nearest.sum(axis=1)).mean())


@pytest.mark.parametrize("side", ["a", "b"])
def test_refuses_what_cannot_be_measured(side):
    good = cloud([0, 0, 0])
    for bad, message in ((cloud(), "empty"), (cloud([0, np.nan, 0]), "finite")):
        pair = (bad, good) if side == "a" else (good, bad)
        with pytest.raises(ValueError, match=f"{side}: .*{message}"):
            distortion(*pair, peak=1)


@pytest.mark.parametrize("peak", [0, -1, math.nan, math.inf])
def test_refuses_a_meaningless_peak(peak):
    with pytest.raises(ValueError, match="peak"):
        distortion(cloud([0, 0, 0]), cloud([0, 0, 0]), peak=peak)


def test_refuses_normals_of_another_cloud():
    with pytest.raises(ValueError, match=r"normals: expected shape \(1, 3\)"):
        distortion(cloud([0, 0, 0]), cloud([0, 0, 0]), peak=1, normals=np.zeros((2, 3)))


def test_psnr_of_a_known_pair():
    """dense_step2 of the vectors: 10 log10(3 1023^2 / 1.49879583) = 63.2113005 dB."""
    assert psnr(1.49879583, 1023) == pytest.approx(63.2113005, abs=1e-6)


def grey(*values) -> dict:
    return {name: np.array(values, np.uint8) for name in ("red", "green", "blue")}


def test_identical_positions_with_other_colours():
    """Positions lose nothing, luma 51 / 255 = 0.2: 10 log10(1 / .04) = 13.979 dB; grey has no chroma to lose."""
    a, b = cloud([0, 0, 0], [1, 0, 0], **grey(0, 102)), cloud([1, 0, 0], [0, 0, 0], **grey(51, 51))
    result = distortion(a, b, peak=1)
    assert result.identical
    assert result.d1_psnr == math.inf
    assert result.y_psnr == pytest.approx(-10 * math.log10(0.04))
    assert result.u_psnr > 300


def test_colour_counts_its_worse_direction():
    """The white point that b lost costs a -> b alone: (0 + 1) / 2."""
    result = distortion(cloud([0, 0, 0], [5, 0, 0], **grey(0, 255)), cloud([0, 0, 0], **grey(0)), peak=1)
    assert result.y_psnr == pytest.approx(10 * math.log10(2))


def test_reflectance_and_its_peak():
    """MSE 25; the peak is the dtype's largest value, or the one given."""
    a, b = (cloud([0, 0, 0], intensity=np.array([value], np.uint8)) for value in (7, 12))
    result = distortion(a, b, peak=1)
    assert (result.reflectance_mse, result.reflectance_peak) == (25, 255)
    assert result.reflectance_psnr == pytest.approx(10 * math.log10(255**2 / 25))
    assert distortion(a, b, peak=1, peak_of_reflectance=5).reflectance_psnr == 0


def test_attributes_of_one_cloud_alone_are_not_compared():
    result = distortion(cloud([0, 0, 0], intensity=[1.0], **grey(1)), cloud([0, 0, 0]), peak=1)
    assert (result.y_psnr, result.reflectance_psnr, result.reflectance_mse, result.reflectance_peak) == (None,) * 4


def test_within_a_bound():
    """Of a's points one of two keeps 1, of b's all: the smaller share counts; no bound, no share."""
    a, b = cloud([0, 0, 0], [3, 0, 0]), cloud([1, 0, 0])
    assert (distortion(a, b, peak=1, bound=1.0).within, distortion(a, b, peak=1, bound=1.0).bound) == (0.5, 1)
    assert distortion(a, b, peak=1, bound=2.0).within == 1
    assert distortion(a, b, peak=1).within is None


def test_a_bound_is_kept_where_max_error_is(rng):
    """within == 1 <=> max_error <= bound, for the very bound that is reached."""
    for _ in range(200):
        a, b = cloud(rng.normal(size=3)), cloud(rng.normal(size=3))
        worst = distortion(a, b, peak=1).max_error
        assert distortion(a, b, peak=1, bound=worst).within == 1
        assert distortion(a, b, peak=1, bound=np.nextafter(worst, 0)).within == 0


@pytest.mark.parametrize("name", ["bound", "peak_of_reflectance"])
def test_refuses_bounds_and_peaks_below_zero(name):
    with pytest.raises(ValueError, match=f"{name}: expected a positive number"):
        distortion(cloud([0, 0, 0]), cloud([0, 0, 0]), peak=1, **{name: -1.0})
