"""How much a decoder may take, checked before the memory is taken; docs/limits.md says what that comes to."""

from __future__ import annotations

from dataclasses import dataclass

from pcc.errors import LimitExceeded

RESERVE = 5 << 17  # what the smallest file may ask for, in nodes
RATE = 16  # nodes per byte
FIRST_BYTES, FIRST_RATE = 1 << 14, 256  # and per byte of the first ones, beside
PLAIN_RATE = 4  # nodes per byte of work that no network does


@dataclass(frozen=True)
class Limits:
    """Bounds of what a file may ask of its decoder; beyond them it raises LimitExceeded and allocates nothing.

    Attributes:
        max_points: Points of a frame, and cells of a frame in its sensor's lattice.
        max_fields: Fields of a frame.
        max_field_bytes: Decoded bytes of all fields of a frame together.
        max_frames: Frames of a file.
        max_nodes: Work on all frames of a file together, in nodes of an octree: 3 microseconds and half a kilobyte
            each, or less. What else counts how much: `pcc.codec.work`. None: `nodes_of` the bytes of the file, and
            `plain_nodes_of` them for what no network does.
    """

    max_points: int = 1 << 25
    max_fields: int = 4096
    max_field_bytes: int = 1 << 30
    max_frames: int = 1 << 20
    max_nodes: int | None = None


DEFAULT_LIMITS = Limits()


def nodes_of(num_bytes: int) -> int:
    """The work that so many bytes of a file may ask for by default, in nodes.

    A frame coded without loss asks for 1 to 12 a byte, a lossy one for 40 to 800, a hostile one for any number.
    """
    return RESERVE + FIRST_RATE * min(num_bytes, FIRST_BYTES) + RATE * num_bytes


def plain_nodes_of(num_bytes: int) -> int:
    """How much of it may be for anything but networks.

    Sound files ask for less than 1 a byte, but for what the smallest may: bytes pay for networks, hardly for points.
    """
    return RESERVE + PLAIN_RATE * num_bytes


def within(name: str, value: int, limit: int) -> int:
    """``value``, if it is at most ``limit``.

    Raises:
        LimitExceeded: it is larger; says which limit and both numbers.
    """
    if value > limit:
        raise LimitExceeded(f"{name}: {value} in the stream, the limit is {limit}")
    return value
