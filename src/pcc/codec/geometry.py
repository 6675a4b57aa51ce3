"""The syntax of the geometry chunk before its octree payload: who coded which level.

docs/bitstream.md, section 4. The payload itself is `pcc.codec.octree`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcc.codec.fallback import all_levels, num_network_levels
from pcc.codec.inferred import MOST_LEAN, Inferred
from pcc.codec.wire import Reader, varint
from pcc.entropy.calibration import UNCHANGED
from pcc.errors import CorruptStream

MODEL_DIGEST_BYTES = 16


@dataclass(frozen=True)
class GeometryHeader:
    """What a decoder needs besides depth and number of voxels.

    Attributes:
        digest: of the model, 16 bytes; None if and only if all levels are adaptive.
        level_offset: of the scale, 0..255; without a model it is not written.
        adaptive: mask of the adaptive levels, bit 0 the root's. Where it is not 0 the frame header says so.
        calibrations: a code for every level from the root to the model's last (`pcc.entropy.calibration`), or empty.
            Where they are not empty the frame header says so.
        inferred: the last levels, of which not all is coded, or None. Where there are some the frame header says so,
            and no level is adaptive.
    """

    digest: bytes | None
    level_offset: int = 0
    adaptive: int = 0
    calibrations: bytes = b""
    inferred: Inferred | None = None


def write_geometry_header(header: GeometryHeader) -> bytes:
    """Mask unless it is 0, then digest, level offset, calibrations, shares and leans unless there is no model."""
    mask = varint(header.adaptive) if header.adaptive else b""
    if header.digest is None:
        return mask
    return mask + header.digest + bytes([header.level_offset]) + header.calibrations + _write_inferred(header.inferred)


def _write_inferred(inferred: Inferred | None) -> bytes:
    if inferred is None:
        return b""
    pairs = zip(inferred.shares, inferred.leans, strict=True)
    return bytes([len(inferred.shares)]) + b"".join(bytes([share, lean & 255]) for share, lean in pairs)


def parse_geometry_header(
    reader: Reader, depth: int, adaptive: bool, calibrated: bool, inferred: bool = False
) -> GeometryHeader:
    """Reads what ``write_geometry_header`` wrote.

    Args:
        reader: at the start of the chunk's payload.
        depth: bits an axis, from the frame header.
        adaptive, calibrated, inferred: the frame header's flags.

    Raises:
        CorruptStream: too short, the mask is 0 or has levels that there are not, an adaptive level is calibrated, or
            not 1 to ``depth`` levels are inferred.
    """
    mask = reader.varint() if adaptive else 0
    if bool(mask) != adaptive or mask > all_levels(depth):
        raise CorruptStream(f"geometry: expected a mask of {depth} levels, not 0, got {mask:#x}")
    if mask and mask == all_levels(depth):
        if calibrated:
            raise CorruptStream("geometry: calibrations without a model")
        return GeometryHeader(None, 0, mask)
    digest, offset = bytes(reader.take(MODEL_DIGEST_BYTES)), reader.u8()
    calibrations = bytes(reader.take(num_network_levels(mask, depth))) if calibrated else b""
    if any(code != UNCHANGED and mask >> level & 1 for level, code in enumerate(calibrations)):
        raise CorruptStream("geometry: a calibration of a level that has no model")
    return GeometryHeader(
        digest, offset, mask, calibrations, _parse_inferred(reader, depth, mask) if inferred else None
    )


def _parse_inferred(reader: Reader, depth: int, mask: int) -> Inferred:
    levels = reader.u8()
    if not 1 <= levels <= depth or mask:
        raise CorruptStream(f"geometry: {levels} levels of {depth} are inferred, mask {mask:#x}")
    pairs = np.frombuffer(reader.take(2 * levels), np.uint8).reshape(-1, 2)
    leans = pairs[:, 1].view(np.int8).tolist()
    if min(leans) < -MOST_LEAN:
        raise CorruptStream("geometry: a level leans too far")
    return Inferred(tuple(pairs[:, 0].tolist()), tuple(leans))
