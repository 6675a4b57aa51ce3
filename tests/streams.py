"""Streams that are made otherwise than by the encoder's own choice."""

from __future__ import annotations

import numpy as np

import pcc
from pcc.codec.container import DIGEST, GEOMETRY, HEADER, frame_chunks, frame_spans, write_chunk
from pcc.codec.digest import decoded_digest
from pcc.codec.geometry import GeometryHeader, parse_geometry_header, write_geometry_header
from pcc.codec.header import FrameHeader, parse_header, write_header, write_preamble
from pcc.codec.inferred import Inferred
from pcc.codec.limits import Limits
from pcc.codec.octree import decode_octree, encode_lossy, encode_octree
from pcc.codec.wire import Reader
from pcc.geometry.voxels import voxelize
from pcc.inference.program import Program


def with_mask(cloud: pcc.PointCloud, program: Program, mask: int, calibrations: bytes = b"", **options) -> bytes:
    """The cloud's stream with the levels of ``mask`` adaptive, whatever they cost, but not all; and so calibrated."""
    data = pcc.encode(cloud, model=program, fallback=False, **options)
    chunks = list(frame_chunks(data, frame_spans(data)[0]))
    header = parse_header(chunks[0].payload, Limits())
    how = {"adaptive": mask > 0, "calibrated": len(calibrations) > 0}
    payloads = {HEADER: write_header(FrameHeader(**{**header.__dict__, **how}))}
    geometry = next(c.payload for c in chunks if c.tag == GEOMETRY)
    payloads[GEOMETRY] = _recoded(geometry, header, program, mask, calibrations)
    return write_preamble() + b"".join(write_chunk(c.tag, payloads.get(c.tag, bytes(c.payload))) for c in chunks)


def with_inferred(cloud: pcc.PointCloud, program: Program, inferred: tuple[tuple[int, int], ...]) -> bytes:
    """The stream of a cloud's positions with inferred levels of these shares and leans."""
    shares, leans = zip(*inferred, strict=True)
    voxels = voxelize(cloud.xyz)
    octree = encode_lossy(voxels.codes, voxels.depth, program, Inferred(shares, leans, voxels.codes))
    codes, counts = octree.codes, np.ones(len(octree.codes), np.int64)
    header = FrameHeader(voxels.grid, voxels.depth, len(codes), len(codes), True, inferred=True)
    how = write_geometry_header(GeometryHeader(program.digest, inferred=Inferred(shares, leans)))
    digest = decoded_digest(voxels.grid, codes, counts, {}, floats=None, order=None)
    chunks = [(HEADER, write_header(header)), (GEOMETRY, how + octree.data), (DIGEST, digest)]
    return write_preamble() + b"".join(write_chunk(*chunk) for chunk in chunks)


def _recoded(payload: memoryview, header: FrameHeader, program: Program, mask: int, calibrations: bytes) -> bytes:
    reader = Reader(payload)
    how = parse_geometry_header(reader, header.depth, False, False)
    depth, offset = header.depth, how.level_offset
    codes = decode_octree(bytes(reader.rest()), depth, header.num_voxels, program, offset)
    octree = encode_octree(np.asarray(codes), depth, program, offset, mask, calibrations)
    return write_geometry_header(GeometryHeader(program.digest, offset, mask, calibrations)) + octree
