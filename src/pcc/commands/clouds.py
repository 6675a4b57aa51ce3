"""A cloud from a file or a stream: what the commands that compare or show clouds take."""

from __future__ import annotations

from pathlib import Path

from pcc.codec.decoder import decode
from pcc.commands.shared import STREAM_SUFFIX
from pcc.io import read_points
from pcc.pointcloud import PointCloud


def load(path: Path) -> PointCloud:
    """The cloud in ``path``: of the one frame of a ``.pcc`` stream, or of a file by its suffix."""
    return decode(path.read_bytes()) if path.suffix.lower() == STREAM_SUFFIX else read_points(path)
