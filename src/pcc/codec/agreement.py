"""What a decoded cloud keeps of its original, point by point: the proof behind ``pcc verify --against``.

    nothing lost        the same points, bit for bit: in order where that is kept, else as often
    rounded to a grid   the original's points, each rounded; which are then compared likewise
    bounded, in rays    every decoded point paired with one of the original's that has its fields (`pcc.codec.pairing`)
    inferred            how far the voxels of two clouds lie apart

What should come out follows from the original and the frame header alone, not from how the encoder put its points in
order. Fields must agree to the bit with the points that they came with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pcc.codec.header import FrameHeader
from pcc.codec.pairing import pair
from pcc.errors import CorruptStream
from pcc.geometry.grid import devoxelize, indices
from pcc.geometry.near import psnr
from pcc.ops import morton
from pcc.ops.nearest import nearest
from pcc.pointcloud import PointCloud

_ROUNDING = 1e-9  # of a bound: what float64 may add to a distance


@dataclass(frozen=True)
class Wanted:
    """What a frame must keep to.

    Attributes:
        psnr: D1 in dB that a frame with inferred levels must reach, or None.
        peak: of D1, in voxels; None: 2^depth - 1.
        max_error: the largest distance of a point from its original, in the clouds' unit, or None.
    """

    psnr: float | None = None
    peak: float | None = None
    max_error: float | None = None


@dataclass(frozen=True)
class Agreement:
    """How a decoded cloud relates to its original; ``max_error`` is Euclidean, in the clouds' unit."""

    lossless: bool
    max_error: float
    text: str
    d1_psnr: float | None = None


def agree(
    original: PointCloud, decoded: PointCloud, header: FrameHeader, *, ordered: bool = False, in_lattice: bool = False,
    wanted: Wanted | None = None,
) -> Agreement:  # fmt: skip
    """What ``decoded`` keeps of ``original``.

    Args:
        header: of the frame that ``decoded`` came from.
        ordered: the frame keeps the order of its points.
        in_lattice: it is coded in a sensor's lattice.

    Raises:
        CorruptStream: points or fields differ by more than the header admits, or by more than is wanted.
    """
    wanted = wanted or Wanted()
    names = _common_fields(original, decoded)
    dropped = [name for name in original.fields if name not in decoded.fields]
    without = f"; fields not in the stream: {', '.join(dropped)}" if dropped else ""
    if header.inferred:
        return _near(original, decoded, header, wanted)
    if original.xyz.dtype != decoded.xyz.dtype:
        raise CorruptStream(f"positions are {decoded.xyz.dtype}, in the original {original.xyz.dtype}")
    expected, rows = _expected(original, header)
    difference = _difference(expected.with_fields({n: expected.fields[n] for n in names}), decoded, ordered)
    if difference is None:
        max_error = _largest_distance(original.xyz[rows], expected.xyz)
    elif header.quantized and in_lattice:
        max_error = _within_bound(original, decoded, header, names, ordered)
    else:
        raise CorruptStream(difference)
    if wanted.max_error is not None and max_error > wanted.max_error * (1 + _ROUNDING) + _dtype_step(decoded.xyz):
        raise CorruptStream(f"a point is {max_error:.6g} from its place, more than {wanted.max_error:g}")
    if header.quantized:
        return Agreement(False, max_error, f"every point within {max_error:.6g} of its place{without}")
    if header.num_merged:
        return Agreement(False, 0.0, f"the same set of positions{without}")
    return Agreement(True, 0.0, f"the same points and values{', in order' if ordered else ''}{without}")


def _common_fields(original: PointCloud, decoded: PointCloud) -> list[str]:
    """Names of the decoded fields, all of which the original has."""
    for name, values in decoded.fields.items():
        if name not in original.fields:
            raise CorruptStream(f"field {name!r} is not in the original")
        there = original.fields[name]
        if there.dtype != values.dtype or there.shape[1:] != values.shape[1:]:
            raise CorruptStream(f"field {name!r} is {values.dtype}, in the original {there.dtype}")
    return list(decoded.fields)


def _expected(original: PointCloud, header: FrameHeader) -> tuple[PointCloud, np.ndarray]:
    """What should come out in the order of the original, and the original's rows of it.

    Points without a finite position, and those outside of the grid's cube, are as they were.
    """
    xyz = original.xyz
    finite = np.isfinite(xyz).all(axis=1) if xyz.dtype.kind == "f" else np.ones(len(xyz), bool)
    placed, index = finite.copy(), np.zeros((len(xyz), 3), np.int64)
    if header.quantized or header.num_raw:
        with np.errstate(invalid="ignore"):
            index[finite] = indices(xyz[finite], header.grid)
        bits = header.depth + header.num_low_bits
        placed &= ((index.view(np.uint64) >> np.uint64(min(bits, 63))) == 0).all(axis=1) | (bits > 63)
    rounded = xyz
    if header.quantized:
        rounded = xyz.copy()
        rounded[placed] = devoxelize(index[placed], header.grid)
    rows = np.arange(len(xyz))
    if header.num_merged is not None:
        rows = np.sort(np.concatenate([_firsts(rounded, np.flatnonzero(finite)), np.flatnonzero(~finite)]))
    return PointCloud(rounded, original.fields).take(rows), rows


def _firsts(xyz: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The first of the rows of each distinct position among (N, 3)."""
    values = xyz[rows] if xyz.dtype.kind == "b" else xyz[rows] + xyz.dtype.type(0)
    return rows[np.unique(values, axis=0, return_index=True)[1]] if len(rows) else rows


def _difference(expected: PointCloud, decoded: PointCloud, ordered: bool) -> str | None:
    """What differs between two clouds with the same fields, as sequences or else as multisets; None: nothing."""
    if len(expected) != len(decoded):
        return f"expected {len(expected)} points, the stream holds {len(decoded)}"
    if not len(expected):
        return None
    names = list(decoded.fields)
    if _same(expected, decoded, names, ordered):
        return None
    if _same(_unsigned_zeros(expected), _unsigned_zeros(decoded), names, ordered):
        return None
    if not _same(_unsigned_zeros(expected), _unsigned_zeros(decoded), [], ordered):
        return "positions differ from the original"
    wrong = [name for name in names if not _same(_unsigned_zeros(expected), _unsigned_zeros(decoded), [name], ordered)]
    return f"field {wrong[0]!r} differs from the original" if wrong else "fields differ from those of the same points"


def _same(one: PointCloud, other: PointCloud, names: Sequence[str], ordered: bool) -> bool:
    rows, others = table_of(one, names), table_of(other, names)
    return bool((rows == others).all() if ordered else (np.sort(rows) == np.sort(others)).all())


def table_of(cloud: PointCloud, names: Sequence[str], *, positions: bool = True) -> np.ndarray:
    """(N,) the bytes of each point's position and of its fields of these names, as one value that can be sorted."""
    arrays = [*([cloud.xyz] if positions else []), *(cloud.fields[name] for name in names)]
    parts = [np.ascontiguousarray(a).view(np.uint8).reshape(len(cloud), -1) for a in arrays if a.size]
    if not parts:
        return np.zeros(len(cloud), "V1")
    table = np.ascontiguousarray(np.concatenate(parts, axis=1))
    return table.view(f"V{table.shape[1]}").reshape(-1)


def _unsigned_zeros(cloud: PointCloud) -> PointCloud:
    """Without the signs of zeros, which a grid does not keep."""
    if cloud.xyz.dtype.kind != "f":
        return cloud
    return PointCloud(np.where(cloud.xyz == 0, cloud.xyz.dtype.type(0), cloud.xyz), cloud.fields)


def _within_bound(
    original: PointCloud, decoded: PointCloud, header: FrameHeader, names: Sequence[str], ordered: bool
) -> float:
    """The largest distance of a decoded point from the original's that it stands for."""
    if len(original) != len(decoded):
        raise CorruptStream(f"expected {len(original)} points, the stream holds {len(decoded)}")
    if ordered:
        difference = _difference(original.with_fields({n: original.fields[n] for n in names}), PointCloud(
            original.xyz, decoded.fields), True)  # fmt: skip
        if difference is not None:
            raise CorruptStream(difference)
        return _largest_distance(original.xyz, decoded.xyz)
    rows = pair(
        original.xyz, decoded.xyz, table_of(original, names, positions=False), table_of(decoded, names, positions=False)
    )
    if rows is None:
        raise CorruptStream("fields differ from those of the points nearby")
    return _largest_distance(original.xyz[rows], decoded.xyz)


def _largest_distance(xyz: np.ndarray, others: np.ndarray) -> float:
    """Of paired points (N, 3); those without a position, or far away, are equal or infinitely far."""
    same = (xyz == others) | ((xyz != xyz) & (others != others))
    moved = ~same.all(axis=1)
    if not moved.any():
        return 0.0
    exact = np.int64 if xyz.dtype.kind in "biu" else np.float64
    away = (xyz[moved].astype(exact) - others[moved].astype(exact)).astype(np.float64)
    found = float(np.sqrt((away**2).sum(axis=1)).max())
    return found if math.isfinite(found) else math.inf


def _dtype_step(xyz: np.ndarray) -> float:
    """The rounding of the largest finite coordinate."""
    if xyz.dtype.kind != "f":
        return 0.0
    finite = np.abs(xyz[np.isfinite(xyz)])
    return float(np.spacing(finite.max(initial=0)))


def _near(original: PointCloud, decoded: PointCloud, header: FrameHeader, wanted: Wanted) -> Agreement:
    """How far the voxels of two clouds lie apart, where nothing is promised of them but the fields that there were."""
    coords = [_voxels(cloud, header) for cloud in (decoded, original)]
    if any(not len(c) or c.min() < 0 or c.max() >> header.depth for c in coords):
        raise CorruptStream("the original lies elsewhere: it is another cloud")
    coded, there = (np.unique(morton.encode(c.astype(np.int32))) for c in coords)
    away = [nearest(*both)[1] for both in ((there, coded), (coded, there))]
    peak = float((1 << header.depth) - 1) if wanted.peak is None else wanted.peak
    decibels = psnr(max(float(squared.mean()) for squared in away), peak)
    if wanted.psnr is not None and decibels < wanted.psnr:
        raise CorruptStream(f"D1 is {decibels:.2f} dB (peak {peak:g}), less than {wanted.psnr:g}")
    max_error = header.voxel_size * math.sqrt(max(int(squared.max()) for squared in away))
    if wanted.max_error is not None and max_error > wanted.max_error:
        raise CorruptStream(
            f"a voxel is {max_error:.6g} from the nearest of the original, more than {wanted.max_error:g}"
        )
    kept = (away[0] == 0).mean()
    text = (
        f"{kept:.1%} of the voxels are there, D1 {decibels:.2f} dB (peak {peak:g}), none farther than {max_error:.6g}"
    )
    return Agreement(False, max_error, text, decibels)


def _voxels(cloud: PointCloud, header: FrameHeader) -> np.ndarray:
    """(M, 3) int64 of the points that have a voxel: finite ones, and no strays."""
    xyz = cloud.finite().xyz
    index = indices(xyz, header.grid)
    if not header.num_raw:
        return index
    return index[((index >= 0) & (index >> header.depth == 0)).all(axis=1)]
