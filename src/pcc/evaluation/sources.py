"""The clouds of an evaluation: files, the peak of each, and what is asked of a codec for it.

A peak has no default anywhere: every entry states it, in the unit of its file. A path may be a pattern; each file
that it finds becomes an entry of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pcc.anchors import Setting
from pcc.anchors.rates import LIDAR_BITS

INDEX = "clouds.json"


@dataclass(frozen=True)
class Source:
    """One cloud of an evaluation.

    Attributes:
        name: unique in the evaluation; names rows and files.
        path: a file that ``pcc.read_points`` reads.
        peak: of the PSNRs, in the file's unit: 1023 for vox10, 30 for KITTI in metres.
        setting: what every codec is asked for.
        category: of the AI-PCC test conditions ("dense static", "LiDAR dynamic"), or any other class to average over.
        sequence: the name of the sequence whose frame this is; empty for a single cloud.
        frame_rate_hz: of that sequence.
    """

    name: str
    path: Path
    peak: float
    setting: Setting
    category: str = ""
    sequence: str = ""
    frame_rate_hz: float | None = None

    @property
    def bits(self) -> int:
        """Of the grid: n where the peak is 2^n - 1; all others count as LiDAR, with 18."""
        whole = int(self.peak) + 1
        return (
            whole.bit_length() - 1 if self.peak == whole - 1 and whole & (whole - 1) == 0 and whole > 1 else LIDAR_BITS
        )


def sources(root: str | Path, clouds: list[Mapping[str, Any]], fields: str = "none") -> list[Source]:
    """The sources that a configuration lists.

    Args:
        root: the folder that the paths are relative to.
        clouds: mappings with name, path and peak, and where needed category, frame_rate_hz (the files of a pattern are
            frames), and fields of Setting: voxel_size, max_error, duplicates.
        fields: which fields the codecs are to carry, "none" or "all".

    Raises:
        ValueError: a key is missing or unknown, or a name comes twice.
        FileNotFoundError: the root or a file is not there.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder; data/README.md says how to get the clouds")
    found = [source for entry in clouds for source in _entry(root, dict(entry), fields)]
    names = [source.name for source in found]
    if len(set(names)) < len(names):
        raise ValueError(f"names: expected each once, got {', '.join(n for n in names if names.count(n) > 1)}")
    return found


def indexed_sources(folder: str | Path, fields: str = "none") -> list[Source]:
    """The sources of a folder that describes itself: its ``clouds.json`` is a list of the mappings of ``sources``."""
    index = Path(folder, INDEX)
    if not index.is_file():
        raise FileNotFoundError(f"{index}: expected a list of clouds with name, path and peak")
    return sources(folder, json.loads(index.read_text()), fields)


def _entry(root: Path, entry: dict[str, Any], fields: str) -> list[Source]:
    """The files of one entry; a pattern's files carry their stem in the name."""
    try:
        name, pattern, peak = entry.pop("name"), entry.pop("path"), float(entry.pop("peak"))
        category, frame_rate_hz = entry.pop("category", ""), entry.pop("frame_rate_hz", None)
        setting = Setting(fields=fields, **entry)
    except (KeyError, TypeError) as error:
        raise ValueError(f"cloud: expected name, path, peak and fields of Setting: {error}") from error
    paths = sorted(root.glob(pattern))
    if not paths:
        raise FileNotFoundError(f"{root / pattern}: no such file")
    first = Source(name, paths[0], peak, setting, category, frame_rate_hz=frame_rate_hz)
    if len(paths) == 1:
        return [first]
    return [replace(first, name=f"{name}/{path.stem}", path=path, sequence=name) for path in paths]
