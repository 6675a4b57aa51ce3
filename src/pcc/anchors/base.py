"""The contract of an anchor: any codec that an evaluation compares, ours among them.

    cloud --compress(setting)--> bytes --decompress--> cloud

``decompress`` gets the bytes and nothing else: what a decoder needs (scale, origin, data type) travels in them and is
counted. Times are wall times of whole calls, voxelisation and side information included; file I/O is the runner's.
"""

from __future__ import annotations

import importlib.metadata
import math
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pcc.anchors.program import ProgramRun
from pcc.errors import AnchorError, Unsuitable
from pcc.extras import install
from pcc.geometry.voxels import own_step
from pcc.pointcloud import PointCloud

LOSSLESS = "lossless"


@dataclass(frozen=True)
class Setting:
    """What is asked of a codec for one cloud.

    Attributes:
        rate: the name of the rate point in tables: "lossless", "r01".
        voxel_size: grid step in the cloud's unit; None: integers as they are, floats on their own grid.
        max_error: largest distance that a point may move, in the cloud's unit; not together with ``voxel_size``.
        scale: of that grid, at most 1: at 0.5 voxels are two steps wide (tmc3's positionQuantizationScale).
        node_size_log2: of the blocks in which a surface codec draws triangles; None for all others.
        quantiser: quantisation parameter (QP) of fields; None asks for fields without loss.
        fields: "none" codes positions only; "all" every field.
        duplicates: "keep" or "merge" points of equal position.
        quality: 0 to 100, for codecs that lose what they like (`Anchor.knows_quality`); None: nothing of that kind.

    Raises:
        ValueError: a value that is none of these.
    """

    rate: str = LOSSLESS
    voxel_size: float | None = None
    max_error: float | None = None
    scale: float = 1.0
    node_size_log2: int | None = None
    quantiser: int | None = None
    fields: str = "none"
    duplicates: str = "keep"
    quality: float | None = None

    def __post_init__(self) -> None:
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise ValueError(f"quality: expected 0 to 100, got {self.quality}")
        for name in ("voxel_size", "max_error"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name}: expected a finite number above 0, got {value}")
        if self.voxel_size is not None and self.max_error is not None:
            raise ValueError("voxel_size, max_error: expected at most one of them, got both")
        if not 0 < self.scale <= 1:
            raise ValueError(f"scale: expected a number above 0, at most 1, got {self.scale}")
        for name, allowed in (("fields", ("none", "all")), ("duplicates", ("keep", "merge"))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}: expected one of {', '.join(allowed)}, got {getattr(self, name)!r}")

    def step(self, cloud: PointCloud) -> float | None:
        """The voxel size that voxel_size and scale ask for; None where the cloud's own grid is to stay.

        Raises:
            Unsuitable: there is a scale, and the cloud lies on no grid.
        """
        if self.scale == 1:
            return self.voxel_size
        own = (self.voxel_size, 1.0) if self.voxel_size else own_step(cloud.xyz)
        if own is None:
            raise Unsuitable("the cloud lies on no grid, so a scale says nothing: give voxel_size")
        return own[0] / own[1] / self.scale


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
    """A codec with its own constant options; what changes from cloud to cloud is the ``Setting``.

    Attributes:
        name: in tables; one of a kind in an evaluation.
        last_run: of the program that the last call started; None where the codec runs in this process.
    """

    name: str
    package: ClassVar[str | None] = None  # the distribution whose version belongs in the record
    knows_quality: ClassVar[bool] = False  # whether `Setting.quality` says something to it
    last_run: ProgramRun | None = None

    def identity(self) -> str:
        """What decides its bytes, apart from the cloud and the setting: options, versions, models.

        Raises:
            AnchorError: the codec is not here.
        """
        options = {name: value for name, value in sorted(vars(self).items()) if name != "last_run"}
        return f"{type(self).__module__}.{type(self).__qualname__} {options} {package_version(self.package)}"

    def missing(self, setting: Setting) -> str | None:
        """Why it cannot run here or at this setting; None if it can."""
        return None

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


def package_version(package: str | None) -> str:
    """The installed version of a distribution; empty for None.

    Raises:
        AnchorError: it is not installed.
    """
    if package is None:
        return ""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError as error:
        raise AnchorError(f"{package} is not installed: {install('eval')}") from error
