"""Streams on disk, so that a frame is coded once however often an evaluation is begun.

A stream is known by what made it: the cloud's values, the identity of the codec and the setting. Decoded clouds are not
kept: decoding is part of what is tested.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np

from pcc.anchors import Anchor, Setting
from pcc.io import atomic_file
from pcc.pointcloud import PointCloud


class StreamCache:
    """The streams in ``folder``, which is made when the first one is written; None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def compress(self, cloud: PointCloud, codec: Anchor, setting: Setting) -> bytes:
        """``codec.compress``, or what it gave before. Raises as it does."""
        if self.folder is None:
            return codec.compress(cloud, setting)
        path = self.folder / f"{stream_key(cloud, codec, setting)}.stream"
        if path.is_file():
            return path.read_bytes()
        data = codec.compress(cloud, setting)
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            file.write(data)
        return data


def stream_key(cloud: PointCloud, codec: Anchor, setting: Setting) -> str:
    """SHA-256, hexadecimal, of everything that a stream is known by."""
    maker = {"codec": codec.identity(), "setting": dataclasses.asdict(setting), "cloud": cloud_digest(cloud)}
    return hashlib.sha256(json.dumps(maker, sort_keys=True).encode()).hexdigest()


def cloud_digest(cloud: PointCloud) -> str:
    """SHA-256, hexadecimal, of values, dtypes, shapes and names, in the order of the points."""
    digest = hashlib.sha256()
    for name, values in {"xyz": cloud.xyz, **cloud.fields}.items():
        digest.update(json.dumps([name, values.dtype.str, values.shape]).encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
