"""Which public clouds are for tests only, and the refusal to train on them.

Figures on the public test clouds mean something only if no weight has seen them. So every loader of training data
asks ``refuse_heldout`` first; a cloud is recognised by its geometry, whatever its file is called and in whatever
order its points stand, and by its folder's name when the geometry was changed on the way. It is no list of all test
data in the world: new test clouds are added here, by ``python -m pcc.datasets.heldout FILE ...``.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from pcc.datasets.rows import unique_rows
from pcc.errors import PccError

NAME_PATTERNS = ("8i_longdress*", "longdress_vox10*", "8i_loot*", "loot_vox10*", "kitti_detection_*", "semantickitti_*")


class HeldOutCloud(PccError):
    """A cloud of the public test or validation sets was about to be used for training."""


def geometry_digest(coords: np.ndarray) -> str:
    """The digest by which a held-out cloud is known: independent of the points' order, multiplicity and origin.

    Args:
        coords: (N, 3) integers; voxels of a dense cloud, millimetres of a LiDAR frame.

    Returns:
        sha256, hexadecimal, over the unique rows relative to their minimum, sorted, as little-endian int32.
    """
    if len(coords) == 0:
        return hashlib.sha256().hexdigest()
    rows = unique_rows(coords.astype(np.int64) - coords.min(0))
    return hashlib.sha256(rows.astype("<i4").tobytes()).hexdigest()


@cache
def heldout_digests() -> dict[str, str]:
    """Digest -> name of every held-out cloud (``heldout.json``)."""
    return json.loads(resources.files(__package__).joinpath("heldout.json").read_text())


def refuse_heldout(path: Path, coords: np.ndarray | None = None) -> None:
    """Checks that a file may train.

    Args:
        path: where the cloud comes from; its file and folder names are compared with ``NAME_PATTERNS``.
        coords: (N, 3) integers as for ``geometry_digest``; None checks the names only.

    Raises:
        HeldOutCloud: it is a test or validation cloud.
    """
    for part in path.parts[-2:]:
        if any(fnmatch.fnmatch(part, pattern) for pattern in NAME_PATTERNS):
            raise HeldOutCloud(f"{path}: {part} is held out for tests and must not train")
    if coords is not None and (name := heldout_digests().get(geometry_digest(coords))):
        raise HeldOutCloud(f"{path}: its geometry is that of the test cloud {name}; it must not train")


def digest_of_file(path: Path) -> str:
    """``geometry_digest`` of a file: a KITTI .bin frame in millimetres, anything else as whole numbers."""
    from pcc.datasets.lidar import millimetres
    from pcc.io import read_points

    xyz = read_points(path).xyz
    return geometry_digest(millimetres(xyz) if path.suffix == ".bin" else np.rint(xyz).astype(np.int64))


def _main() -> None:
    parser = argparse.ArgumentParser(description="Add clouds to those that never train: KITTI .bin frames, or voxels.")
    parser.add_argument("files", nargs="+", type=Path)
    found = dict(heldout_digests())
    for path in parser.parse_args().files:
        found[digest_of_file(path)] = f"{path.resolve().parent.name}/{path.name}"
    listed = dict(sorted(found.items(), key=lambda item: item[1]))
    Path(__file__).with_name("heldout.json").write_text(json.dumps(listed, indent=0) + "\n")


if __name__ == "__main__":
    _main()
