"""From a cloud to a stream: the order of the chunks of a frame, and who fills each.

    cloud -> positions: L lattice, or G octree and M multiplicities -> F floats -> A R B fields -> O order -> D digest

Every chunk's content has its own module; nothing is compressed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcc.codec import container
from pcc.codec.choice import ADAPTIVE, AUTO
from pcc.codec.digest import decoded_digest
from pcc.codec.dtypes import dtype_code
from pcc.codec.fields import encode_field, select
from pcc.codec.finite import all_finite
from pcc.codec.floats import encode_floats
from pcc.codec.header import FrameHeader, write_header
from pcc.codec.order import decoded_order, encode_order
from pcc.codec.positions import (
    Positions,
    lattice_positions,
    octree_positions,
)
from pcc.codec.target import MODEL as LOSSY_MODEL
from pcc.codec.target import Target
from pcc.errors import InvalidCloud, InvalidSensor, LimitExceeded
from pcc.geometry.voxels import check_options, devoxelize_codes, voxelize
from pcc.inference.program import Program
from pcc.ops import morton
from pcc.ops.twist_map import FIXED_BITS
from pcc.pointcloud import PointCloud

if TYPE_CHECKING:
    from pcc.codec.lattice.choice import Sensor
    from pcc.codec.lattice.encode import LatticeFrame
    from pcc.inference.registry import Model

NO_SENSOR = "none"
_MILLIMETRE = 0.001
MOST_LOSSY_DEPTH = 19
COARSE_UNITS = 1000  # range units of 1/16 mm in a bin, from which on the octree may be the smaller


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
    model: str | Path | Model = "auto",
    voxel_size: float | None = None,
    max_error: float | None = None,
    fields: str | Sequence[str] = "all",
    duplicates: str = "keep",
    timestamp_ns: int | None = None,
    fallback: bool = True,
    sensor: Sensor = "auto",
    order: str = "any",
    lossless_floats: bool = False,
    bpp: float | None = None,
    psnr: float | None = None,
    quality: float | None = None,
    peak: float | None = None,
    carried: frozenset[bytes] = frozenset(),
) -> bytes:
    """The chunks of one frame.

    Without ``voxel_size``, ``max_error``, ``bpp``, ``psnr`` and ``quality`` the decoded cloud is the same multiset of
    points, value for value. With one of the last three it has about as many voxels, most of them where they were: the
    rest of the octree is inferred by the model, and no bound is promised. Fields are those of the nearest points.

    Args:
        cloud: Points and fields. Integers are coded as they are, floats on the grid that they lie on.
        model: ``auto``, the name of an installed model, the path of a ``.safetensors`` file, or a program; or
            ``adaptive``: no model at all, which suits clouds that look like nothing else and is quick. A model of
            spinning LiDAR (``lattice``) asks for a frame in its sensor's lattice, any other for the octree.
        voxel_size: Round to voxels with this edge (unit of the cloud).
        max_error: Round so that no point moves farther than this (unit of the cloud).
        fields: ``all``, ``none`` or names; fields are always lossless.
        duplicates: ``keep`` codes how many points each voxel holds; ``merge`` keeps one point a voxel, the first in
            the order of the cloud, with its fields.
        timestamp_ns: Time of the frame, nanoseconds since 1970.
        sensor: in whose lattice a frame of a spinning LiDAR is looked for: ``auto`` (those that are known, or else one
            that is fitted), the name of a known one, the path of a sensor's ``.json`` file, or a table; ``none``.
        fallback: Code levels that the model predicts badly without it; False leaves all of them to the model.
        order: ``any``: points come out in Morton order; ``keep``: in the order of the cloud.
        lossless_floats: keep float32 metres that lie on no grid bit for bit: voxels of a millimetre, and what is left.
        bpp: at most so many bits of positions a point of the input.
        psnr: D1 of at least so many decibels, against the voxels (those of ``voxel_size``, where it is given).
        quality: from 0 to 100, which loses nothing.
        peak: of ``psnr``, in voxels; by default 2^depth - 1, which follows from the extent of the cloud. Frames of a
            sequence had better have the same: 1023 for 10 bits.
        carried: digests of the sensors' tables that other frames of the stream carry; such a frame alone is no stream.

    Raises:
        InvalidCloud: NaN or infinity, or no common grid; or nothing keeps to ``bpp``.
        LimitExceeded: more than 2^21 voxels along an axis; with ``bpp``, ``psnr`` or ``quality`` 2^19.
        UnsupportedField: a dtype that no stream carries.
        ModelMismatch: the model is not installed.
        InvalidSensor: the sensor is not known, or the cloud not in its lattice though a model for that is asked for.
        ValueError, TypeError: an argument is wrong.
    """
    _check_arguments(cloud, duplicates, order, voxel_size, max_error, lossless_floats)
    target = _target(bpp, psnr, quality, peak)
    if target is not None:
        _check_lossy(order == "keep" or lossless_floats or max_error is not None, sensor)
    size = _MILLIMETRE if lossless_floats and voxel_size is None else voxel_size
    program = _named(model)
    merge = duplicates == "merge"
    chosen = select(cloud.fields, fields)
    positions = None if target is None else _lossy(cloud, program, model, size, target, merge)
    if positions is None:
        frame = _lattice(cloud, model, program, sensor, size, max_error, merge, lossless_floats, carried)
        ways = [] if frame is None else [lattice_positions(frame)]
        alone = program is None and order == "any" and not chosen  # just positions, which the octree may code better
        if frame is None or (alone and frame.shown.width >= COARSE_UNITS):
            voxels = voxelize(cloud.xyz, voxel_size=size, max_error=max_error)
            named = program if isinstance(program, Program) else str(model)
            ways.append(octree_positions(voxels, named, fallback, merge))
        positions = min(ways, key=lambda way: way.num_bytes)
    chosen = {name: values[positions.rows] for name, values in chosen.items()}
    floats = cloud.xyz[positions.rows] if lossless_floats else None
    if floats is None and not all_finite(positions.codes, positions.grid, positions.depth):
        raise InvalidCloud(f"a rounded coordinate is beyond the finite {positions.grid.dtype}; take smaller voxels")
    untouched = size is None and max_error is None and target is None
    exact = not positions.inferred and (lossless_floats or untouched or _restores(cloud.xyz, positions))
    header = FrameHeader(
        positions.grid,
        positions.depth,
        len(positions.rows),
        len(positions.codes),
        not exact,
        num_merged=positions.num_merged,
        timestamp_ns=timestamp_ns,
        adaptive=positions.adaptive,
        calibrated=positions.calibrated,
        inferred=positions.inferred,
    )
    chunks = [(container.HEADER, write_header(header)), *positions.chunks]
    if floats is not None and len(floats):
        chunks.append((container.FLOATS, encode_floats(_fixed(positions), floats)))
    chunks += _fields(positions, chosen)
    decoded_of = _inverse(positions.rows) if order == "keep" and len(positions.rows) > 1 else None
    if decoded_of is not None:
        chunks.append((container.ORDER, _order(positions, decoded_of)))
    digest = decoded_digest(positions.grid, positions.codes, positions.counts, chosen, floats=floats, order=decoded_of)
    chunks.append((container.DIGEST, digest))
    return b"".join(container.write_chunk(tag, payload) for tag, payload in chunks)


def _check_arguments(
    cloud: PointCloud, duplicates: str, order: str, voxel_size: float | None, max_error: float | None, floats: bool
) -> None:
    if duplicates not in ("keep", "merge"):
        raise ValueError(f"duplicates: expected 'keep' or 'merge', got {duplicates!r}")
    if order not in ("any", "keep"):
        raise ValueError(f"order: expected 'any' or 'keep', got {order!r}")
    if not isinstance(cloud, PointCloud):
        raise TypeError(f"cloud: expected a PointCloud, got {type(cloud).__name__}; pcc.PointCloud(xyz) makes one")
    dtype_code(cloud.xyz.dtype, "xyz")
    check_options(voxel_size, max_error)
    if floats and (voxel_size, max_error, duplicates) != (None, None, "keep"):
        raise ValueError("lossless_floats: not together with voxel_size, max_error or merged duplicates")
    if floats and cloud.xyz.dtype != np.float32:
        raise ValueError(f"lossless_floats: expected float32 positions, got {cloud.xyz.dtype}")


def _named(model: str | Path | Model) -> Model | None:
    """The model that is asked for; None for ``auto`` and ``adaptive``."""
    if model in (AUTO, ADAPTIVE):
        return None
    from pcc.inference.registry import find_model

    return find_model(model) if isinstance(model, str | Path) else model


def _lattice(
    cloud: PointCloud, model: Any, program: Model | None, sensor: Sensor, voxel_size: float | None,
    max_error: float | None, merge: bool, lossless_floats: bool, carried: frozenset[bytes],
) -> LatticeFrame | None:  # fmt: skip
    """The frame in its sensor's lattice, where it has one and may be coded there."""
    octree = isinstance(program, Program) or model == ADAPTIVE
    required = program is not None and not octree
    none = isinstance(sensor, str) and sensor == NO_SENSOR
    if required and none:
        raise InvalidSensor("a model of spinning LiDAR needs a sensor; 'none' was asked for")
    if required and merge and max_error is not None:
        raise ValueError("duplicates: a model of spinning LiDAR merges none where it may move points (max_error)")
    if octree or none or (merge and max_error is not None):
        return None
    from pcc.codec.lattice.choice import default_program, try_lattice
    from pcc.inference.lattice_program import LatticeProgram

    lattice_program = program if isinstance(program, LatticeProgram) else default_program()
    if lattice_program is None:
        return None
    return try_lattice(
        cloud.xyz, sensor, lattice_program, voxel_size=voxel_size, max_error=max_error, required=required,
        merge=merge, to_the_last_place=lossless_floats, carried=carried,
    )  # fmt: skip


def _target(bpp: float | None, psnr: float | None, quality: float | None, peak: float | None) -> Target | None:
    """What a lossy encoding is to meet; None where none is asked for."""
    return None if (bpp, psnr, quality, peak) == (None,) * 4 else Target(bpp, psnr, quality, peak)


def _check_lossy(strict: bool, sensor: Sensor) -> None:
    if strict:
        raise ValueError(
            "bpp, psnr, quality: not together with max_error, order='keep' or lossless_floats: voxels move"
        )
    if not (isinstance(sensor, str) and sensor in (AUTO, NO_SENSOR)):
        raise ValueError("bpp, psnr, quality: not together with a sensor, in whose lattice nothing is inferred")


def _lossy(
    cloud: PointCloud, program: Model | None, model: Any, voxel_size: float | None, target: Target, merge: bool
) -> Positions | None:
    """Positions that meet the target; None where nothing has to be lost."""
    if target.quality == 100:
        return None
    if program is None:
        if model == ADAPTIVE:
            raise ValueError("model: bpp, psnr and quality need a model that infers")
        from pcc.inference.registry import find_model

        program = find_model(LOSSY_MODEL)
    if not isinstance(program, Program) or program.lossy_scale is None:
        raise ValueError(f"model: {program.name} codes whole levels only; bpp, psnr and quality need {LOSSY_MODEL}")
    voxels = voxelize(cloud.xyz, voxel_size=voxel_size)
    if not len(voxels):
        return None
    if voxels.depth > MOST_LOSSY_DEPTH:
        raise LimitExceeded(
            f"the cloud has {voxels.depth} bits an axis; bpp, psnr and quality take {MOST_LOSSY_DEPTH} at most: give a "
            "larger --voxel-size"
        )
    from pcc.codec.lossy_ways import choose_way

    return choose_way(cloud.xyz, voxels, program, target, merge, AUTO if model == AUTO else program)


def _restores(xyz: np.ndarray, positions: Positions) -> bool:
    """Whether the rounding that was asked for changed nothing."""
    decoded = devoxelize_codes(positions.codes, positions.grid)
    return np.array_equal(np.repeat(decoded, positions.counts, axis=0), xyz[positions.rows])


def _fields(positions: Positions, fields: Mapping[str, np.ndarray]) -> list[tuple[bytes, bytes]]:
    """The chunks of fields (N,) or (N, K) in decoded order: those that the lattice knows, and columns of values."""
    chunks = {}
    if positions.lattice is not None and fields:
        from pcc.codec.lattice.fields import encode_fields

        chunks = encode_fields(positions.lattice, fields)
    return [chunks.get(name) or (container.FIELD, encode_field(name, values)) for name, values in fields.items()]


def _fixed(positions: Positions) -> np.ndarray:
    """(N, 3) int64, decoded positions in 2^-24 millimetre."""
    if positions.lattice is not None:
        return positions.lattice.listed.fixed()[positions.lattice.ordered.order]
    coords = np.repeat(morton.decode(positions.codes), positions.counts, axis=0)
    return (coords + np.array(positions.grid.origin, np.int64)) << FIXED_BITS


def _order(positions: Positions, decoded_of: np.ndarray) -> bytes:
    frame, bases = positions.lattice, [decoded_order(len(positions.rows))]
    if frame is not None:
        from pcc.codec.lattice.scan_order import scan_orders

        bases += scan_orders(frame.shown.filled, frame.shown.rolls, frame.ordered.order)
    return encode_order(decoded_of, bases)


def _inverse(rows: np.ndarray) -> np.ndarray:
    """(N,) the decoded row of each of the input's points that are kept, in their order."""
    return np.argsort(rows, kind="stable")
