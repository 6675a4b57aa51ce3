"""Triangle meshes from files: PLY, OBJ, and whatever ``trimesh`` reads when it is installed.

Only vertices and triangles are kept; polygons are cut into fans. Materials, normals and textures are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from pcc.datasets.ply_mesh import fans, read_ply_mesh
from pcc.errors import InvalidCloud
from pcc.extras import install

SUFFIXES = (".ply", ".obj", ".off", ".stl", ".glb")


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh.

    Attributes:
        vertices: (V, 3) float64, any unit.
        triangles: (T, 3) int32 rows of ``vertices``.
    """

    vertices: np.ndarray
    triangles: np.ndarray

    def corners(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Three (T, 3) float64 arrays: the corners of every triangle."""
        a, b, c = (self.vertices[self.triangles[:, k]] for k in range(3))
        return a, b, c


def find_meshes(folder: Path, every: int = 1, only: Sequence[str] = ()) -> list[Path]:
    """Mesh files under ``folder`` in the order of their names, each ``every``-th one.

    Args:
        only: patterns of file names (``spot_*``, case counts); a mesh must match one of them. Empty takes all.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder of meshes at {folder}")
    meshes = (p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    return sorted(p for p in meshes if not only or any(fnmatchcase(p.name, pattern) for pattern in only))[::every]


def require_meshes(folders: Sequence[Path], patterns: Sequence[str]) -> None:
    """Raises FileNotFoundError for a pattern of file names that no mesh in the folders matches."""
    for pattern in patterns:
        if not any(find_meshes(folder, only=[pattern]) for folder in folders):
            raise FileNotFoundError(f"no mesh matches {pattern!r} in {[str(folder) for folder in folders]}")


def read_mesh(path: Path) -> Mesh:
    """Reads one mesh.

    Raises:
        InvalidCloud: the file is damaged, holds no triangles, or points outside its vertices.
        ImportError: the format needs ``trimesh``, which is not installed.
    """
    readers = {".ply": read_ply_mesh, ".obj": _read_obj}
    try:
        vertices, triangles = readers.get(path.suffix.lower(), _read_other)(path)
    except (ValueError, LookupError, TypeError, OverflowError, MemoryError) as error:
        raise InvalidCloud(f"{path}: not a readable mesh ({error!r})") from error
    if len(triangles) == 0:
        raise InvalidCloud(f"{path}: no triangles")
    if triangles.min() < 0 or triangles.max() >= len(vertices) or not np.isfinite(vertices).all():
        raise InvalidCloud(f"{path}: triangles point outside the {len(vertices)} vertices, or a vertex is not finite")
    return Mesh(np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(triangles, np.int32))


def _read_obj(path: Path) -> tuple[np.ndarray, np.ndarray]:
    vertices: list[list[float]] = []
    faces: list[np.ndarray] = []
    with path.open(errors="ignore") as lines:
        for line in lines:
            kind, *words = line.split() or [""]
            if kind == "v":
                vertices.append([float(word) for word in words[:3]])
            elif kind == "f":
                rows = [int(word.split("/")[0]) for word in words]
                faces.append(np.array([row - 1 if row > 0 else len(vertices) + row for row in rows]))
    return np.array(vertices, np.float64).reshape(-1, 3), fans(faces)


def _read_other(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        import trimesh
    except ImportError as error:
        raise ImportError(f"{path}: meshes other than PLY and OBJ need trimesh: {install('train')}") from error
    try:
        mesh: Any = trimesh.load(path, force="mesh", process=False)
        return np.asarray(mesh.vertices), np.asarray(mesh.faces)
    except Exception as error:  # trimesh documents none of what it raises; garbage may even ask for other libraries
        raise InvalidCloud(f"{path}: not a readable mesh ({error!r})") from error
