"""The contract of an anchor: any codec that an evaluation compares, ours among them.

    cloud --compress(setting)--> bytes --decompress--> cloud

``decompress`` gets the bytes and nothing else: what a decoder needs (scale, origin, data type) travels in them and is
counted. Times are wall times of whole calls, voxelisation and side information included; file I/O is the runner's.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pcc.pointcloud import PointCloud


@dataclass(frozen=True)
class Setting:
    """What is asked of a codec for one cloud.

    Attributes:
        voxel_size: grid step in the cloud's unit; None: integers as they are, floats on their own grid.
        max_error: largest distance that a point may move, in the cloud's unit; not together with ``voxel_size``.
        fields: "none" codes positions only; "all" every field.
        duplicates: "keep" or "merge" points of equal position.
    """

    voxel_size: float | None = None
    max_error: float | None = None
    fields: str = "none"
    duplicates: str = "keep"


@dataclass(frozen=True)
class AnchorResult:
    """One cloud through one anchor and back."""

    data: bytes
    decoded: PointCloud
    encode_s: float
    decode_s: float


@dataclass(frozen=True)
class Cost:
    """The networks of a codec on one cloud; None where there are none or they are not known."""

    parameters: int | None = None
    kmac_per_point: float | None = None


class Anchor(ABC):
    """A codec with its own constant options; what changes from cloud to cloud is the ``Setting``."""

    name: str
    package: ClassVar[str | None] = None  # the distribution whose version belongs in the record

    @abstractmethod
    def compress(self, cloud: PointCloud, setting: Setting) -> bytes:
        """Everything that ``decompress`` needs.

        Raises:
            AnchorError: the codec is missing, failed, or cannot do what the setting asks.
        """

    @abstractmethod
    def decompress(self, data: bytes) -> PointCloud:
        """The decoded cloud, in the unit of the input.

        Raises:
            AnchorError: the codec is missing, or the bytes are not its own.
        """

    def cost(self, cloud: PointCloud, setting: Setting, data: bytes) -> Cost:
        """Parameters and multiply-accumulates of the networks that decode ``data``; a classical codec has none."""
        return Cost()

    def encode(self, cloud: PointCloud, setting: Setting) -> AnchorResult:
        """Both ways in this process, timed."""
        start = time.perf_counter()
        data = self.compress(cloud, setting)
        middle = time.perf_counter()
        decoded = self.decompress(data)
        return AnchorResult(data, decoded, middle - start, time.perf_counter() - middle)
