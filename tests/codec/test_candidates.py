"""decode(encode(cloud)) = cloud for any cloud: any dtype, size and place, on grids or none, whatever is in it."""

from __future__ import annotations

import numpy as np
import pytest

import pcc
from pcc.codec.info import describe

DTYPES = ["f4", "f4", "f8", "f8", "f2", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"]


def rows(cloud: pcc.PointCloud) -> np.ndarray:
    arrays = [np.ascontiguousarray(a) for a in (cloud.xyz, *cloud.fields.values())]
    table = np.concatenate([a.view(np.uint8).reshape(len(cloud), -1) for a in arrays if a.size], 1, dtype=np.uint8)
    return np.ascontiguousarray(table).view(f"V{table.shape[1]}").reshape(-1)


def spread(rng: np.random.Generator, n: int) -> np.ndarray:
    """(n, 3) float64 as clouds have them, and as no cloud has."""
    u, kind = rng.random((n, 3)), int(rng.integers(0, 12))
    if kind == 0:
        return np.round(u * 10 ** rng.integers(1, 8), 3)
    if kind == 1:
        return (rng.integers(0, 10**5, (n, 3)) + 6_370_000) * 0.01
    if kind == 2:
        return u * [1e6, 1e-3, 1]
    if kind == 3:
        return np.round(u * 30) * [1, 0, 0.001] + [0, 7.3, 5]
    if kind == 4:
        return np.frombuffer(rng.bytes(24 * n), np.float64).reshape(n, 3).copy()
    if kind == 5:
        return np.exp(rng.normal(size=(n, 3)) * 20)
    if kind == 6:
        return np.round(rng.normal(size=(n, 3)) * 5, 2) * 0.0254
    return (u - 0.5) * 10.0 ** rng.integers(-15, 16)


def odd_cloud(seed: int) -> pcc.PointCloud:
    rng = np.random.default_rng(seed)
    n, dtype = int(rng.choice([1, 2, 3, 10, 200, 2500])), np.dtype(DTYPES[int(rng.integers(0, len(DTYPES)))])
    with np.errstate(all="ignore"):
        x = spread(rng, n)
        if dtype.kind == "f":
            x = x.astype(dtype)
            for share, value in ((0.3, [np.nan, 0, np.inf]), (0.2, [0, -0.0, 0]), (0.1, [np.inf, -np.inf, np.nan])):
                if rng.random() < share:
                    x[rng.random(n) < 0.2] = value
            if rng.random() < 0.2:
                x[0] = np.finfo(dtype).max
        elif dtype.kind == "b":
            x = x > np.nanmedian(x)
        else:
            info = np.iinfo(dtype)
            x = np.clip(np.nan_to_num(x, posinf=1e300), float(info.min), float(info.max) * (1 - 1e-9)).astype(dtype)
            x[0] = info.min if rng.random() < 0.3 else x[0]
            x[-1] = info.max if rng.random() < 0.3 else x[-1]
    if rng.random() < 0.3:
        x = x[rng.integers(0, n, n)]
    return pcc.PointCloud(x, {"i": rng.integers(0, 255, n).astype(np.uint8)} if rng.random() < 0.5 else {})


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_nothing_is_lost(seed):
    """The same rows, position and fields, bit for bit; in order where that is kept."""
    cloud = odd_cloud(seed)
    back = pcc.decode(pcc.encode(cloud, order="keep"))
    assert back.xyz.dtype == cloud.xyz.dtype
    assert rows(back).tobytes() == rows(cloud).tobytes()
    back = pcc.decode(pcc.encode(cloud))
    assert np.sort(rows(back)).tobytes() == np.sort(rows(cloud)).tobytes()


@pytest.mark.parametrize("seed", range(40))
def test_merged_points_are_the_first_of_their_place(seed):
    """positions(decode) are distinct, and those of the cloud; each point is the first of its place."""
    cloud = odd_cloud(seed)
    back = pcc.decode(pcc.encode(cloud, duplicates="merge", order="keep"))
    float_zero = cloud.xyz.dtype.type(0)
    places = cloud.xyz if cloud.xyz.dtype.kind == "b" else cloud.xyz + float_zero
    finite = np.isfinite(cloud.xyz).all(1) if cloud.xyz.dtype.kind == "f" else np.ones(len(cloud), bool)
    kept = ~finite
    rows_of = np.flatnonzero(finite)
    kept[rows_of[np.unique(places[finite], axis=0, return_index=True)[1]]] = True
    assert rows(back).tobytes() == rows(cloud.take(kept)).tobytes()


@pytest.mark.parametrize("seed", range(40))
def test_a_bound_holds_for_any_float_cloud(seed):
    """Finite points lie within the bound, the others are as they were."""
    cloud = odd_cloud(seed)
    if cloud.xyz.dtype.kind != "f":
        pytest.skip("integers")
    finite = np.isfinite(cloud.xyz).all(1)
    reach = float(np.abs(cloud.xyz[finite].astype(np.float64)).max(initial=0))
    bound = max(reach * 1e-9, 1e-6)
    back = pcc.decode(pcc.encode(cloud, max_error=bound, order="keep"))
    with np.errstate(over="ignore"):
        away = np.sqrt(((back.xyz[finite].astype(np.float64) - cloud.xyz[finite].astype(np.float64)) ** 2).sum(1))
    rounding = float(np.spacing(cloud.xyz.dtype.type(min(reach, float(np.finfo(cloud.xyz.dtype).max) / 2))))
    assert not len(away) or away.max() <= bound * (1 + 1e-9) + 2 * rounding
    assert back.xyz[~finite].tobytes() == cloud.xyz[~finite].tobytes()


def test_wide_clouds_have_low_bits(rng):
    """10^7 m with millimetres; integers of 64 bits."""
    wide = np.round(rng.random((300, 3)) * 1e7, 3)
    (info,) = describe(pcc.encode(pcc.PointCloud(wide)))
    assert (info.header.depth, info.header.num_low_bits, info.header.num_raw) == (21, 13, 0)
    whole = rng.integers(0, 2**64, (50, 3), np.uint64)
    (info,) = describe(pcc.encode(pcc.PointCloud(whole)))
    assert info.header.depth + info.header.num_low_bits == 64


def test_strays_stay_apart(rng):
    """One point far away costs its own bits, not those of all others."""
    near = np.round(rng.random((2000, 3)) * 30, 3)
    alone = len(pcc.encode(pcc.PointCloud(near)))
    for far in (3000.0, 1e30):
        stream = pcc.encode(pcc.PointCloud(np.concatenate([near, [[far, 0, 0]]])))
        assert describe(stream)[0].header.num_raw == 1
        assert len(stream) < alone + 60


def test_zeros_of_either_sign(rng):
    """-0.0 is a value of its own, and costs next to nothing."""
    xyz = np.round(rng.normal(size=(5000, 3)), 1).astype(np.float32)
    assert (np.signbit(xyz) & (xyz == 0)).any()
    stream = pcc.encode(pcc.PointCloud(xyz), order="keep")
    assert pcc.decode(stream).xyz.tobytes() == xyz.tobytes()
    without = pcc.encode(pcc.PointCloud(xyz + np.float32(0)), order="keep")
    assert len(stream) < len(without) + 5000 / 8 * 3


def test_quality_100_loses_nothing(rng):
    cloud = pcc.PointCloud(rng.normal(size=(300, 3)))
    back = pcc.decode(pcc.encode(cloud, quality=100))
    assert np.sort(rows(back)).tobytes() == np.sort(rows(cloud)).tobytes()


def test_a_target_for_floats_on_no_grid(rng):
    """Positions are rounded first; bits per point keep to the target."""
    cloud = pcc.PointCloud(rng.random((20_000, 3)) * [9, 9, 0.1])
    (info,) = describe(pcc.encode(cloud, bpp=4.0))
    assert 8 * info.geometry_bytes <= 4.0 * 20_000
