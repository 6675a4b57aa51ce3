"""How much a decoder may take, checked before the memory is taken."""

from __future__ import annotations

from dataclasses import dataclass

from pcc.errors import LimitExceeded


@dataclass(frozen=True)
class Limits:
    """Bounds of one frame; a stream beyond them raises LimitExceeded and nothing is allocated for it.

    Attributes:
        max_points: Points of a frame (default 2^25). Decoding takes 200 to 400 bytes a voxel, mostly for the neighbours
            in the octree; so a frame of that many voxels takes about 10 GB, whatever the size of its file.
        max_fields: Fields of a frame.
        max_field_bytes: Decoded bytes of all fields of a frame together.
        max_frames: Frames of a stream.
    """

    max_points: int = 1 << 25
    max_fields: int = 4096
    max_field_bytes: int = 1 << 30
    max_frames: int = 1 << 20


DEFAULT_LIMITS = Limits()


def within(name: str, value: int, limit: int) -> int:
    """``value``, if it is at most ``limit``.

    Raises:
        LimitExceeded: it is larger; says which limit and both numbers.
    """
    if value > limit:
        raise LimitExceeded(f"{name}: {value} in the stream, the limit is {limit}")
    return value
