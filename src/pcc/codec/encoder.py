"""From a cloud to a stream: the order of the chunks of a frame, and who fills each.

    cloud -> positions: L lattice, or G octree, M multiplicities and W low bits -> F or E floats -> X raw points
          -> A R B fields -> O order -> D digest

Every chunk's content has its own module; nothing is compressed here. In which way positions are coded is
`pcc.codec.candidates`' matter; the smallest frame is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcc.codec import container
from pcc.codec.candidates import Request, candidates
from pcc.codec.choice import AUTO
from pcc.codec.digest import decoded_digest
from pcc.codec.dtypes import dtype_code
from pcc.codec.fields import encode_field, select
from pcc.codec.header import FrameHeader, write_header
from pcc.codec.order import decoded_order, encode_order
from pcc.codec.positions import Positions
from pcc.codec.raw_points import encode_raw_points
from pcc.codec.target import Target
from pcc.errors import InvalidCloud
from pcc.geometry.voxels import check_options, checked
from pcc.pointcloud import PointCloud

if TYPE_CHECKING:
    from pcc.codec.lattice.choice import Sensor
    from pcc.inference.registry import Model


def encode(cloud: PointCloud, **options: Any) -> bytes:
    """A stream of one frame; the options are those of ``encode_frame``."""
    return container.join([encode_frame(cloud, **options)])


def append(stream: bytes, cloud: PointCloud, **options: Any) -> bytes:
    """``stream`` with one more frame; the options are those of ``encode_frame``."""
    from pcc.codec.lattice.tables import tables_of

    return container.append(
        stream, encode_frame(cloud, carried=frozenset(t.digest for t in tables_of(stream)), **options)
    )


def encode_frame(
    cloud: PointCloud,
    *,
    model: str | Path | Model = AUTO,
    voxel_size: float | None = None,
    max_error: float | None = None,
    fields: str | Sequence[str] = "all",
    duplicates: str = "keep",
    timestamp_ns: int | None = None,
    fallback: bool = True,
    sensor: Sensor = AUTO,
    order: str = "any",
    bpp: float | None = None,
    psnr: float | None = None,
    quality: float | None = None,
    peak: float | None = None,
    carried: frozenset[bytes] = frozenset(),
) -> bytes:
    """The chunks of one frame.

    Without ``voxel_size``, ``max_error``, ``bpp``, ``psnr`` and ``quality`` the decoded cloud is the same multiset of
    points, bit for bit: integers, floats on a grid or on none, NaN and infinities. With one of the last three it has
    about as many voxels, most of them where they were: the rest of the octree is inferred by the model, and no bound is
    promised. Fields are those of the nearest points. Points without a finite position, and a few that lie far from all
    others, are kept as they are whatever is lost elsewhere.

    Args:
        cloud: Points and fields.
        model: ``auto``, the name of an installed model, the path of a ``.safetensors`` file, or a program; or
            ``adaptive``: no model at all, which suits clouds that look like nothing else and is quick. A model of
            spinning LiDAR (``lattice``) asks for a frame in its sensor's lattice, any other for the octree.
        voxel_size: Round to voxels with this edge (unit of the cloud).
        max_error: Round so that no point moves farther than this (unit of the cloud).
        fields: ``all``, ``none`` or names; fields are always lossless.
        duplicates: ``keep`` codes how many points each voxel holds; ``merge`` keeps one point per voxel (per position
            where nothing is lost), the first in the order of the cloud, with its fields.
        timestamp_ns: Time of the frame, nanoseconds since 1970.
        sensor: in whose lattice a frame of a spinning LiDAR is looked for: ``auto`` (those that are known, or else one
            that is fitted), the name of a known one, the path of a sensor's ``.json`` file, or a table; ``none``.
        fallback: Code levels that the model predicts badly without it; False leaves all of them to the model.
        order: ``any``: points come out in Morton order; ``keep``: in the order of the cloud.
        bpp: target rate: at most this many bits per point of the input for positions.
        psnr: target quality: D1 PSNR of at least this many dB, against the voxels (those of ``voxel_size``, where it is
            given).
        quality: from 0 to 100, which loses nothing.
        peak: of ``psnr``, in voxels; by default 2^depth - 1, which follows from the extent of the cloud. Frames of a
            sequence had better have the same: 1023 for 10 bits.
        carried: digests of the sensors' tables that other frames of the stream carry; such a frame alone is no stream.

    Raises:
        InvalidCloud: nothing keeps to ``bpp`` or ``max_error``.
        LimitExceeded: coordinates beyond 2^52 voxels; with ``bpp``, ``psnr`` or ``quality`` more than 2^19 per axis.
        UnsupportedField: a dtype that no stream carries.
        ModelMismatch: the model is not installed.
        InvalidSensor: the sensor is not known, or the cloud not in its lattice though a model for that is asked for.
        ValueError, TypeError: an argument is wrong.
    """
    _check_arguments(cloud, duplicates, order, voxel_size, max_error)
    target = _target(bpp, psnr, quality, peak)
    if target is not None:
        _check_lossy(order == "keep" or max_error is not None, sensor)
    xyz, chosen = checked(cloud.xyz), select(cloud.fields, fields)
    request = Request(model, voxel_size, max_error, target, duplicates == "merge", fallback, sensor, carried)
    frames = [
        _write_frame(xyz, way, chosen, request.lossless, order == "keep", timestamp_ns)
        for way in candidates(xyz, request)
    ]
    return min(frames, key=len)


def _write_frame(
    xyz: np.ndarray, way: Positions, chosen: Mapping[str, np.ndarray], lossless: bool, ordered: bool,
    timestamp_ns: int | None,
) -> bytes:  # fmt: skip
    """The chunks of a frame whose positions are coded.

    Args:
        lossless: no loss was asked for; otherwise it is tested whether there is one.
        ordered: code the order of the input.
    """
    fields = {name: values[way.rows] for name, values in chosen.items()}
    decoded, exact = _decoded(xyz, way, lossless)
    header = _header(way, exact, timestamp_ns)
    chunks = [(container.HEADER, write_header(header)), *way.chunks]
    if way.num_raw:
        chunks.append((container.RAW_POINTS, encode_raw_points(decoded[way.num_placed :])))
    chunks += _fields(way, fields)
    decoded_of = _inverse(way.rows) if ordered and len(way.rows) > 1 else None
    if decoded_of is not None:
        chunks.append((container.ORDER, _order(way, decoded_of)))
    digest = decoded_digest(
        way.grid, way.codes, way.counts, fields, floats=decoded if way.floats else None, order=decoded_of,
        positions=decoded if header.extensions else None,
    )  # fmt: skip
    chunks.append((container.DIGEST, digest))
    return b"".join(container.write_chunk(tag, payload) for tag, payload in chunks)


def _decoded(xyz: np.ndarray, way: Positions, lossless: bool) -> tuple[np.ndarray, bool]:
    """(N, 3) decoded positions, and whether they are the input's; -0.0 may be 0.0 where something may be lost."""
    original = xyz[way.rows]
    if not way.inferred and (lossless or way.floats):
        return original, True
    placed = way.values()
    if placed.dtype.kind == "f" and not np.isfinite(placed).all():
        raise InvalidCloud(f"a rounded coordinate is beyond the finite {placed.dtype}; take smaller voxels")
    exact = not way.inferred and np.array_equal(placed, original[: way.num_placed])
    return (np.concatenate([placed, original[way.num_placed :]]) if way.num_raw else placed), exact


def _header(way: Positions, exact: bool, timestamp_ns: int | None) -> FrameHeader:
    return FrameHeader(
        way.grid,
        way.depth,
        len(way.rows),
        len(way.codes),
        not exact,
        num_merged=way.num_merged,
        timestamp_ns=timestamp_ns,
        adaptive=way.adaptive,
        calibrated=way.calibrated,
        inferred=way.inferred,
        num_low_bits=way.num_low_bits,
        num_raw=way.num_raw,
        exact=any(tag == container.EXACT for tag, _ in way.chunks),
    )


def _check_arguments(
    cloud: PointCloud, duplicates: str, order: str, voxel_size: float | None, max_error: float | None
) -> None:
    if duplicates not in ("keep", "merge"):
        raise ValueError(f"duplicates: expected 'keep' or 'merge', got {duplicates!r}")
    if order not in ("any", "keep"):
        raise ValueError(f"order: expected 'any' or 'keep', got {order!r}")
    if not isinstance(cloud, PointCloud):
        raise TypeError(f"cloud: expected a PointCloud, got {type(cloud).__name__}; pcc.PointCloud(xyz) makes one")
    dtype_code(cloud.xyz.dtype, "xyz")
    check_options(voxel_size, max_error)


def _target(bpp: float | None, psnr: float | None, quality: float | None, peak: float | None) -> Target | None:
    """What a lossy encoding is to meet; None where none is asked for."""
    return None if (bpp, psnr, quality, peak) == (None,) * 4 else Target(bpp, psnr, quality, peak)


def _check_lossy(strict: bool, sensor: Sensor) -> None:
    if strict:
        raise ValueError("bpp, psnr, quality: not together with max_error or order='keep': voxels move")
    if not (isinstance(sensor, str) and sensor in (AUTO, "none")):
        raise ValueError("bpp, psnr, quality: not together with a sensor, in whose lattice nothing is inferred")


def _fields(way: Positions, fields: Mapping[str, np.ndarray]) -> list[tuple[bytes, bytes]]:
    """The chunks of fields (N,) or (N, K) in decoded order: those that the lattice knows, and columns of values."""
    chunks = {}
    if way.lattice is not None and fields:
        from pcc.codec.lattice.fields import encode_fields

        chunks = encode_fields(way.lattice, fields)
    return [chunks.get(name) or (container.FIELD, encode_field(name, values)) for name, values in fields.items()]


def _order(way: Positions, decoded_of: np.ndarray) -> bytes:
    frame, bases = way.lattice, [decoded_order(len(way.rows))]
    if frame is not None:
        from pcc.codec.lattice.scan_order import scan_orders

        bases += scan_orders(frame.shown.filled, frame.shown.rolls, frame.ordered.order)
    return encode_order(decoded_of, bases)


def _inverse(rows: np.ndarray) -> np.ndarray:
    """(N,) the decoded row of each of the input's points that are kept, in their order."""
    return np.argsort(rows, kind="stable")
