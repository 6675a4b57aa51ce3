"""From a cloud to a stream: the order of the chunks of a frame, and who fills each.

    cloud -> voxels -> G geometry (model)  M multiplicities  A fields ...  D digest

Every chunk's content has its own module; nothing is compressed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pcc.codec import container
from pcc.codec.choice import ADAPTIVE, choose, choose_offset
from pcc.codec.columns import encode_column
from pcc.codec.digest import decoded_digest
from pcc.codec.dtypes import dtype_code
from pcc.codec.fallback import all_levels
from pcc.codec.fields import encode_field, select
from pcc.codec.geometry import GeometryHeader, write_geometry_header
from pcc.codec.header import FrameHeader, write_header
from pcc.codec.lattice.choice import MODEL as LATTICE_MODEL
from pcc.codec.lattice.choice import NONE, Sensor, try_lattice
from pcc.codec.lattice.encode import LatticeFrame
from pcc.codec.lattice.levels import find_levels
from pcc.codec.lattice.reflectance import write_reflectance
from pcc.errors import InvalidSensor, ModelMismatch
from pcc.geometry.voxels import Voxels, check_options, devoxelize_codes, voxelize
from pcc.inference.lattice_program import LatticeProgram
from pcc.pointcloud import PointCloud

if TYPE_CHECKING:
    from pcc.inference.registry import Model

AUTO = "auto"


def encode(cloud: PointCloud, **options: Any) -> bytes:
    """A stream of one frame; the options are those of ``encode_frame``."""
    return container.join([encode_frame(cloud, **options)])


def append(stream: bytes, cloud: PointCloud, **options: Any) -> bytes:
    """``stream`` with one more frame; the options are those of ``encode_frame``."""
    return container.append(stream, encode_frame(cloud, **options))


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
) -> bytes:
    """The chunks of one frame.

    Without ``voxel_size`` and ``max_error`` the decoded cloud is the same multiset of points, value for value.

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
        sensor: ``auto``, the name of a known sensor, the path of a sensor's ``.json`` file, or a table: where a frame of
            a spinning LiDAR is looked for; ``none``: not at all.
        fallback: Code levels that the model predicts badly without it; False leaves all of them to the model.

    Raises:
        InvalidCloud: NaN or infinity, or no common grid.
        LimitExceeded: more than 2^21 voxels along an axis.
        UnsupportedField: a dtype that no stream carries.
        ModelMismatch: the model is not installed.
        InvalidSensor: the sensor is not known, or the cloud not in its lattice though a model for that is asked for.
        ValueError, TypeError: an argument is wrong.
    """
    if duplicates not in ("keep", "merge"):
        raise ValueError(f"duplicates: expected 'keep' or 'merge', got {duplicates!r}")
    if not isinstance(cloud, PointCloud):
        raise TypeError(f"cloud: expected a PointCloud, got {type(cloud).__name__}; pcc.PointCloud(xyz) makes one")
    dtype_code(cloud.xyz.dtype, "xyz")
    program = _named(model)
    if duplicates == "keep" and (model == AUTO or isinstance(program, LatticeProgram)):
        lattice = _lattice(cloud, program, sensor, voxel_size, max_error)
        if lattice is not None:
            return _lattice_chunks(cloud, lattice, select(cloud.fields, fields), voxel_size or max_error, timestamp_ns)
    if isinstance(program, LatticeProgram):
        raise ValueError("duplicates: expected 'keep' with a model of spinning LiDAR, got 'merge'")
    voxels = voxelize(cloud.xyz, voxel_size=voxel_size, max_error=max_error)
    rows, counts = _decoded_rows(voxels, duplicates)
    chosen = {name: values[rows] for name, values in select(cloud.fields, fields).items()}
    num_merged = len(cloud) - len(rows) if duplicates == "merge" else None
    quantized = (voxel_size is not None or max_error is not None) and not _restores(cloud.xyz, voxels)
    geometry, octree = _geometry(voxels, program or model, fallback) if len(counts) > 1 else (None, b"")
    header = FrameHeader(
        voxels.grid,
        voxels.depth,
        len(rows),
        len(counts),
        quantized,
        num_merged=num_merged,
        timestamp_ns=timestamp_ns,
        adaptive=geometry is not None and geometry.adaptive > 0,
        calibrated=geometry is not None and len(geometry.calibrations) > 0,
    )
    chunks = [(container.HEADER, write_header(header))]
    if geometry is not None:
        chunks.append((container.GEOMETRY, write_geometry_header(geometry) + octree))
    if len(rows) > len(counts):
        chunks.append((container.MULTIPLICITY, encode_column((counts - 1).astype(np.uint32))))
    chunks += [(container.FIELD, encode_field(name, values)) for name, values in chosen.items()]
    chunks.append((container.DIGEST, decoded_digest(voxels.grid, voxels.codes, counts, chosen)))
    return b"".join(container.write_chunk(tag, payload) for tag, payload in chunks)


def _named(model: str | Path | Model) -> Model | None:
    """The model that is asked for; None for ``auto`` and ``adaptive``."""
    if model in (AUTO, ADAPTIVE):
        return None
    from pcc.inference.registry import find_model

    return find_model(model) if isinstance(model, str | Path) else model


def _lattice(
    cloud: PointCloud, program: Model | None, sensor: Sensor, voxel_size: float | None, max_error: float | None
) -> LatticeFrame | None:
    """The frame in its sensor's lattice, where it has one and may be coded there."""
    if sensor == NONE:
        if program is not None:
            raise InvalidSensor("a model of spinning LiDAR needs a sensor; 'none' was asked for")
        return None
    check_options(voxel_size, max_error)
    required = program is not None
    if program is None:
        from pcc.inference.registry import find_model

        try:
            program = find_model(LATTICE_MODEL)
        except ModelMismatch:
            return None
    if not isinstance(program, LatticeProgram) or not np.isfinite(cloud.xyz).all():
        return None
    return try_lattice(
        cloud.xyz, sensor, program, voxel_size=voxel_size, max_error=max_error, required=required
    )  # fmt: skip


def _lattice_chunks(
    cloud: PointCloud, frame: LatticeFrame, fields: dict[str, np.ndarray], rounded: float | None, timestamp_ns: int | None
) -> bytes:  # fmt: skip
    """The chunks of a frame in its sensor's lattice."""
    ordered, rows = frame.ordered, frame.rows[frame.ordered.order]
    in_order = {name: values[rows] for name, values in fields.items()}
    decoded = np.repeat(devoxelize_codes(ordered.codes, frame.grid), ordered.counts, axis=0)
    header = FrameHeader(
        frame.grid, frame.depth, len(rows), len(ordered.codes),
        rounded is not None and not np.array_equal(decoded, cloud.xyz[rows]), timestamp_ns=timestamp_ns,
    )  # fmt: skip
    chunks = [(container.HEADER, write_header(header)), (container.LATTICE, frame.payload)]
    levels = find_levels(fields)
    if levels is not None:
        name = levels[0].name
        in_order = {name: in_order.pop(name)} | in_order
        chunks.append((container.REFLECTANCE, write_reflectance(frame.shown, levels[0], levels[1][frame.rows])))
    chunks += [
        (container.FIELD, encode_field(name, values))
        for name, values in in_order.items()
        if levels is None or name != levels[0].name
    ]
    chunks.append((container.DIGEST, decoded_digest(frame.grid, ordered.codes, ordered.counts, in_order)))
    return b"".join(container.write_chunk(tag, payload) for tag, payload in chunks)


def _decoded_rows(voxels: Voxels, duplicates: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the input in decoded order, and points a voxel, (V,)."""
    if duplicates == "keep":
        return voxels.order, voxels.counts
    firsts = np.cumsum(voxels.counts) - voxels.counts
    return voxels.order[firsts], np.broadcast_to(np.int64(1), len(voxels))


def _restores(xyz: np.ndarray, voxels: Voxels) -> bool:
    """Whether the rounding that was asked for changed nothing."""
    decoded = devoxelize_codes(voxels.codes, voxels.grid)
    return np.array_equal(np.repeat(decoded, voxels.counts, axis=0), xyz[voxels.order])


def _geometry(voxels: Voxels, model: str | Path | Model, fallback: bool) -> tuple[GeometryHeader, bytes]:
    """Who codes which level, and the coded octree."""
    from pcc.codec.octree import encode_cheapest, encode_octree
    from pcc.inference.program import Program

    codes, depth = voxels.codes, voxels.depth
    if model == ADAPTIVE:
        return GeometryHeader(None, 0, all_levels(depth)), encode_octree(codes, depth, None, 0, all_levels(depth))
    if isinstance(model, Program):
        program, offset = model, choose_offset(voxels, model)
    else:
        program, offset = choose(voxels)
    if not fallback:
        return GeometryHeader(program.digest, offset), encode_octree(codes, depth, program, offset)
    octree, mask, calibrations = encode_cheapest(codes, depth, program, offset)
    return GeometryHeader(program.digest if mask != all_levels(depth) else None, offset, mask, calibrations), octree
