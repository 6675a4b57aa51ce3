"""A sequence on its way through a codec: decoded frames come out one by one, and what passed is counted.

    files --read--> frames --StreamCache, compress--> streams --decompress--> decoded frames
                       |                                |                        |
                       +--------------------------------+-----> Passage <--------+

Frames are made as they are taken, so a long sequence needs the memory of one frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pcc.anchors import Anchor, Setting
from pcc.evaluation.stream_cache import StreamCache
from pcc.io import read_points
from pcc.metrics.rate import bits_per_point, megabits_per_second
from pcc.pointcloud import PointCloud


@dataclass
class Passage:
    """Frames through ``codec``, and the sums over those that have passed.

    Attributes:
        num_frames, num_points, num_points_out, num_bytes: of input frames, decoded points and streams.
        order_kept: every frame's points came back row by row.
        fields_kept: every field of every frame came back under its name.
    """

    codec: Anchor
    setting: Setting
    cache: StreamCache = field(default_factory=lambda: StreamCache(None))
    num_frames: int = 0
    num_points: int = 0
    num_points_out: int = 0
    num_bytes: int = 0
    order_kept: bool = True
    fields_kept: bool = True

    def frames(self, paths: Iterable[Path], step: Callable[[], None] = lambda: None) -> Iterator[PointCloud]:
        """The decoded frames of ``paths``; ``step`` is called before each is handed on.

        Raises:
            PccError: a file is unreadable, or the codec failed.
        """
        for path in paths:
            frame = read_points(path)
            data = self.cache.compress(frame, self.codec, self.setting)
            decoded = self.codec.decompress(data)
            self._count(frame, data, decoded)
            step()
            yield decoded

    @property
    def bpp(self) -> float:
        """Bits of all streams per point of all input frames."""
        return bits_per_point(self.num_bytes, self.num_points)

    def megabits_per_second(self, frame_rate_hz: float) -> float:
        """Of the streams, at that many frames a second."""
        return megabits_per_second(self.num_bytes, self.num_frames, frame_rate_hz)

    def _count(self, frame: PointCloud, data: bytes, decoded: PointCloud) -> None:
        self.num_frames += 1
        self.num_points += len(frame)
        self.num_points_out += len(decoded)
        self.num_bytes += len(data)
        self.order_kept &= same_order(frame.xyz, decoded.xyz, self.setting)
        self.fields_kept &= set(frame.fields) <= set(decoded.fields)


def same_order(original: np.ndarray, decoded: np.ndarray, setting: Setting) -> bool:
    """Whether row i of ``decoded`` can be row i of ``original``: as many, and none farther off than the setting allows.

    Args:
        original, decoded: (N, 3) and (M, 3), any dtype, in one unit.
    """
    if original.shape != decoded.shape:
        return False
    bound = setting.max_error or (setting.voxel_size or 0) * math.sqrt(3) / 2
    rounding = 1e-6 * np.abs(original).max(initial=0)
    moved = np.linalg.norm(decoded.astype(np.float64) - original.astype(np.float64), axis=1)
    return bool((moved <= bound + rounding).all())
