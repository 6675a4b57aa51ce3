"""How much a reader of clouds may take: what a file's header claims is held against its size before memory is taken.

Uncompressed formats take memory in proportion to the file whatever is set here: a header that promises more points than
the file has bytes for is an InvalidCloud. `pcc.codec.limits` is the same for streams.
"""

from __future__ import annotations

from dataclasses import dataclass

from pcc.errors import LimitExceeded


@dataclass(frozen=True)
class ReaderLimits:
    """Bounds of one file; a cloud beyond them raises LimitExceeded and nothing is allocated for it.

    Attributes:
        max_points: Points of a cloud.
        max_values: Numbers per point, over all fields.
        max_bytes: Bytes of the decoded cloud.
        max_ratio: Decoded bytes per byte of a compressed file, beyond ``free_bytes``.
        free_bytes: What a compressed file may decode to whatever its size.
    """

    max_points: int = 1 << 31
    max_values: int = 65_535
    max_bytes: int = 1 << 36
    max_ratio: int = 100
    free_bytes: int = 1 << 26

    def check_shape(self, source: object, num_points: int, num_values: int) -> None:
        """Raises LimitExceeded where a cloud has too many points, or too many numbers per point."""
        self._check(source, "points", num_points, self.max_points)
        self._check(source, "numbers per point", num_values, self.max_values)

    def check_bytes(self, source: object, num_bytes: int, file_bytes: int | None = None) -> None:
        """Raises LimitExceeded where a cloud decodes to too much; ``file_bytes`` is given for compressed files."""
        self._check(source, "decoded bytes", num_bytes, self.max_bytes)
        if file_bytes is not None:
            most = self.free_bytes + self.max_ratio * file_bytes
            self._check(source, f"decoded bytes of a file of {file_bytes:,}", num_bytes, most)

    def _check(self, source: object, what: str, value: int, limit: int) -> None:
        if value > limit:
            raise LimitExceeded(f"{source}: {value:,} {what}, the limit is {limit:,}")


DEFAULT_READER_LIMITS = ReaderLimits()
