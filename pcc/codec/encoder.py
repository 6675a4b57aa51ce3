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
from pcc.geometry.voxels import Voxels, devoxelize_codes, voxelize
from pcc.pointcloud import PointCloud

if TYPE_CHECKING:
    from pcc.inference.program import Program


def encode(cloud: PointCloud, **options: Any) -> bytes:
    """A stream of one frame; the options are those of ``encode_frame``."""
    return container.join([encode_frame(cloud, **options)])


def append(stream: bytes, cloud: PointCloud, **options: Any) -> bytes:
    """``stream`` with one more frame; the options are those of ``encode_frame``."""
    return container.append(stream, encode_frame(cloud, **options))


def encode_frame(
    cloud: PointCloud,
    *,
    model: str | Path | Program = "auto",
    voxel_size: float | None = None,
    max_error: float | None = None,
    fields: str | Sequence[str] = "all",
    duplicates: str = "keep",
    timestamp_ns: int | None = None,
    fallback: bool = True,
) -> bytes:
    """The chunks of one frame.

    Without ``voxel_size`` and ``max_error`` the decoded cloud is the same multiset of points, value for value.

    Args:
        cloud: Points and fields. Integers are coded as they are, floats on the grid that they lie on.
        model: ``auto``, the name of an installed model, the path of a ``.safetensors`` file, or a program; or
            ``adaptive``: no model at all, which suits clouds that look like nothing else and is quick.
        voxel_size: Round to voxels with this edge (unit of the cloud).
        max_error: Round so that no point moves farther than this (unit of the cloud).
        fields: ``all``, ``none`` or names; fields are always lossless.
        duplicates: ``keep`` codes how many points each voxel holds; ``merge`` keeps one point a voxel, the first in
            the order of the cloud, with its fields.
        timestamp_ns: Time of the frame, nanoseconds since 1970.
        fallback: Code levels that the model predicts badly without it; False leaves all of them to the model.

    Raises:
        InvalidCloud: NaN or infinity, or no common grid.
        LimitExceeded: more than 2^21 voxels along an axis.
        UnsupportedField: a dtype that no stream carries.
        ModelMismatch: the model is not installed.
        ValueError, TypeError: an argument is wrong.
    """
    if duplicates not in ("keep", "merge"):
        raise ValueError(f"duplicates: expected 'keep' or 'merge', got {duplicates!r}")
    if not isinstance(cloud, PointCloud):
        raise TypeError(f"cloud: expected a PointCloud, got {type(cloud).__name__}; pcc.PointCloud(xyz) makes one")
    dtype_code(cloud.xyz.dtype, "xyz")
    voxels = voxelize(cloud.xyz, voxel_size=voxel_size, max_error=max_error)
    rows, counts = _decoded_rows(voxels, duplicates)
    chosen = {name: values[rows] for name, values in select(cloud.fields, fields).items()}
    num_merged = len(cloud) - len(rows) if duplicates == "merge" else None
    quantized = (voxel_size is not None or max_error is not None) and not _restores(cloud.xyz, voxels)
    geometry, octree = _geometry(voxels, model, fallback) if len(counts) > 1 else (None, b"")
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


def _geometry(voxels: Voxels, model: str | Path | Program, fallback: bool) -> tuple[GeometryHeader, bytes]:
    """Who codes which level, and the coded octree."""
    from pcc.codec.octree import encode_cheapest, encode_octree

    codes, depth = voxels.codes, voxels.depth
    if model == ADAPTIVE:
        return GeometryHeader(None, 0, all_levels(depth)), encode_octree(codes, depth, None, 0, all_levels(depth))
    program, offset = _program(voxels, model)
    if not fallback:
        return GeometryHeader(program.digest, offset), encode_octree(codes, depth, program, offset)
    octree, mask, calibrations = encode_cheapest(codes, depth, program, offset)
    return GeometryHeader(program.digest if mask != all_levels(depth) else None, offset, mask, calibrations), octree


def _program(voxels: Voxels, model: str | Path | Program) -> tuple[Program, int]:
    """The model that codes, and the offset of its scale."""
    from pcc.inference.registry import find_model

    if model == "auto":
        return choose(voxels)
    program = find_model(model) if isinstance(model, str | Path) else model
    return program, choose_offset(voxels, program)
