"""correct = correct_reference = the same in Python's integers, bit for bit; R(s w) p + s v but for some 2^-20 voxel."""

import numpy as np
import pytest

from pcc.datasets import motion
from pcc.ops import twist_map
from pcc.ops.twist_map import MAX_COMPONENT, REACH, ZERO, Twist, twist_of_floats

CAR = twist_of_floats(np.array([-1234.5, 30.25, -12.75, 0.004, -0.003, 0.06]))
MOST = Twist((MAX_COMPONENT, -MAX_COMPONENT, MAX_COMPONENT), (-MAX_COMPONENT, MAX_COMPONENT, MAX_COMPONENT))


def points(size, rng, reach=80_000):
    voxels = rng.integers(-reach, reach + 1, (size, 3)).astype(np.int32)
    rounding = rng.integers(-(1 << 20) + 1, 1 << 20, (size, 3)).astype(np.int32)
    return voxels, rng.integers(-1, 2, size).astype(np.int8), rounding


@pytest.mark.parametrize("size", [0, 1, 7, 30_001])
@pytest.mark.parametrize("twist", [ZERO, CAR, MOST], ids=["zero", "car", "most"])
def test_equal_reference(isa, threads, rng, size, twist):
    voxels, wrap, rounding = points(size, rng, REACH - 1)
    for args in ((), (rounding,)):
        found = twist_map.correct(twist, voxels, wrap, *args)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, twist_map.correct_reference(twist, voxels, wrap, *args))
    for a, b in zip(twist_map.whole_voxels(found), twist_map.whole_voxels_reference(found), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def exact(twist, voxel, wrap, rounding):
    """One point in Python's integers, which do not overflow; every intermediate is checked against 64 bits."""

    def held(value):
        assert -(1 << 63) <= value < 1 << 63
        return value

    def rounded(value, shift):
        return held(value + (1 << shift - 1)) >> shift

    def part(s, value):
        assert held(s * (value >> 8)) + (held(s * (value & 255)) >> 8) == s * value >> 8
        return s * value >> 8

    def series(t, coefficients):
        total = coefficients[-1]
        for coefficient in coefficients[-2::-1]:
            total = coefficient - (held(t * total) >> 31)
        return held(t * total) >> 31

    s = int(twist_map.azimuth_reference(*np.array(voxel[:2], np.int64)[:, None])[0]) + (wrap << 31)
    a = [rounded(part(s, w), 23) for w in twist.angular]
    b = [rounded(x, 9) for x in a]
    t = held(sum(x * x for x in b)) >> 31
    sine = series(t, [round((1 << 31) / f) for f in (6, 120, 5040, 362880, 39916800)])
    cosine = series(t, [round((1 << 31) / f) for f in (24, 720, 40320, 3628800, 479001600)])
    m = [x - (held(sine * y) >> 22) for x, y in zip(a, b, strict=True)]
    n = [[(held(x * y) >> 23) - (held(cosine * (x * y >> 31)) >> 22) for y in b] for x in b]
    around = sum(n[i][i] for i in range(3))
    for i in range(3):
        n[i][i] -= around
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        n[i][j] -= m[k]
        n[j][i] += m[k]
    out = []
    for i in range(3):
        moved = held(sum(held(n[i][j] * voxel[j]) for j in range(3))) + rounded(part(s, twist.velocity[i]), 9)
        moved = held(moved + (held(sum(n[i][j] * rounding[j] for j in range(3))) >> 24))
        out.append((voxel[i] << 24) + rounding[i] + rounded(moved, 16))
    return out


@pytest.mark.parametrize("sign", [-1, 1])
def test_nothing_overflows_at_the_edges(sign):
    edge = REACH - 1
    corners = [(x, y, z) for x in (-edge, 0, edge) for y in (-edge, -1, edge) for z in (-edge, edge)]
    for twist in (MOST, Twist(*[(sign * MAX_COMPONENT,) * 3] * 2), CAR, Twist((0, 0, 0), (0, 0, sign * MAX_COMPONENT))):
        for wrap in (-1, 0, 1):
            for voxel in corners:
                most = tuple(((1 << 20) - 1) * (1 if v < 0 else -1) for v in voxel)
                found = twist_map.correct(
                    twist, np.array([voxel], np.int32), np.array([wrap], np.int8), np.array([most], np.int32)
                )
                assert found[0].tolist() == exact(twist, voxel, wrap, most)


def test_literal_values():
    """As a decoder in another language must have them."""
    voxels = np.array([[0, 0, 0], [10_000, 0, 5], [0, 10_000, 5], [-10_000, 0, 5], [-70_001, -3, 1200]], np.int32)
    wrap = np.array([0, 0, 0, -1, 1], np.int8)
    assert twist_map.correct(CAR, voxels, wrap).tolist() == LITERAL
    assert CAR.array().tolist() == [-82845892608, 2030043136, -855638016, 4398046511, -3298534883, 65970697667]
    assert twist_map.arc_table()[[0, 1, 128, 256]].tolist() == [0, 42722612, 5070934490, 8589934592]


LITERAL = [
    [0, 0, 0],
    [167772160000, 0, 83886080],
    [-7694480860, 167879995445, 197230763],
    [-157340614599, 4779066725, 437428016],
    [-1184276070620, -35063317242, 18228918803],
]


@pytest.mark.parametrize("wrapped", [False, True])
def test_close_to_the_real_functions(rng, wrapped):
    voxels, wrap, _ = points(20_000, rng)
    wrap *= wrapped
    share = np.arctan2(voxels[:, 1].astype(float), voxels[:, 0]) / (2 * np.pi) + wrap
    v, w = CAR.floats()[:3], CAR.floats()[3:]
    real = motion.rotate(voxels.astype(float), share[:, None] * w) + share[:, None] * v
    assert np.abs(np.ldexp(twist_map.correct(CAR, voxels, wrap), -24) - real).max() < 2e-5


def test_opposite_of_training_frames_motion(rng):
    """correct(-velocity, -angular) = correct_motion(velocity, angular): the scanner turns clockwise."""
    voxels, _, _ = points(1000, rng)
    twist = motion.Twist(np.array([1.5, 0.02, -0.01]), np.array([0.001, -0.002, 0.05]))
    ours = twist_of_floats(-np.concatenate([twist.velocity * 1000, twist.angular]))
    found = np.ldexp(twist_map.correct(ours, voxels, np.zeros(1000, np.int8)), -24)
    np.testing.assert_allclose(found, motion.correct_motion(voxels / 1000, twist) * 1000, atol=1e-4)


def test_azimuths(rng):
    x, y = rng.integers(-REACH + 1, REACH, (2, 50_000))
    x[:9], y[:9] = np.repeat([-1, 0, 1], 3), np.tile([-1, 0, 1], 3)
    error = twist_map.azimuth_reference(x, y) - np.arctan2(y.astype(float), x) * (2**31 / (2 * np.pi))
    assert np.abs(error).max() < 0.6


def test_zero_twist_changes_nothing(rng):
    voxels, wrap, rounding = points(1000, rng)
    fixed = twist_map.correct(ZERO, voxels, wrap, rounding)
    np.testing.assert_array_equal(fixed, (voxels.astype(np.int64) << 24) + rounding)


def test_whole_voxels_round_halves_up():
    half = 1 << 23
    fixed = np.array([[0, half - 1, half], [-half, -half - 1, 1 << 24]], np.int64)
    voxels, place = twist_map.whole_voxels(fixed)
    assert voxels.tolist() == [[0, 0, 1], [0, -1, 1]]
    assert place.tolist() == [[128, 255, 0], [0, 255, 128]]


@pytest.mark.parametrize(
    ("voxels", "wrap", "rounding"),
    [
        ([[REACH, 0, 0]], [0], [[0, 0, 0]]),
        ([[0, 0, -(2**31)]], [0], [[0, 0, 0]]),
        ([[0, 0, 0]], [2], [[0, 0, 0]]),
        ([[0, 0, 0]], [-2], [[0, 0, 0]]),
        ([[0, 0, 0]], [0], [[0, 1 << 20, 0]]),
        ([[0, 0, 0]], [0, 0], [[0, 0, 0]]),
        ([[0, 0, 0]], [0], [[0, 0, 0], [0, 0, 0]]),
    ],
)
def test_out_of_range(voxels, wrap, rounding):
    with pytest.raises(ValueError, match="expected"):
        twist_map.correct(CAR, np.array(voxels, np.int32), np.array(wrap, np.int8), np.array(rounding, np.int32))


@pytest.mark.parametrize("component", [MAX_COMPONENT + 1, -MAX_COMPONENT - 1])
def test_twists_out_of_range(component):
    with pytest.raises(ValueError, match="twist: expected"):
        Twist((component, 0, 0), (0, 0, 0))
    with pytest.raises(ValueError, match="twist: expected"):
        Twist((0, 0, 0), (0, 0, component))
