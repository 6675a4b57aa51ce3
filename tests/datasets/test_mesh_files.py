"""Meshes from files: PLY in its three encodings and OBJ give the same triangles."""

from __future__ import annotations

import importlib.util
import struct

import numpy as np
import pytest

from pcc.datasets.mesh_files import find_meshes, read_mesh, require_meshes
from pcc.errors import InvalidCloud

VERTICES = [(0.0, 0.0, 0.0), (2.0, 0.0, 0.0), (2.0, 1.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 3.0)]
POLYGONS = [(0, 1, 2, 3), (0, 1, 4)]  # a square and a triangle
TRIANGLES = [(0, 1, 2), (0, 1, 4), (0, 2, 3)]


def ply_header(form: str) -> str:
    lines = ["ply", f"format {form} 1.0", "comment made by hand", f"element vertex {len(VERTICES)}", "property float x"]
    lines += ["property float y", "property float z", "property uchar red", f"element face {len(POLYGONS)}"]
    return "\n".join([*lines, "property list uchar int vertex_indices", "end_header", ""])


def write_ply(path, form: str, polygons=POLYGONS) -> None:
    header = ply_header(form).replace(f"face {len(POLYGONS)}", f"face {len(polygons)}").encode()
    if form == "ascii":
        body = "".join(f"{x} {y} {z} 7\n" for x, y, z in VERTICES)
        body += "".join(f"{len(p)} {' '.join(map(str, p))}\n" for p in polygons)
        path.write_bytes(header + body.encode())
        return
    order = "<" if "little" in form else ">"
    body = b"".join(struct.pack(order + "fffB", *v, 7) for v in VERTICES)
    body += b"".join(struct.pack(f"{order}B{len(p)}i", len(p), *p) for p in polygons)
    path.write_bytes(header + body)


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize("polygons", [POLYGONS, TRIANGLES])
def test_ply(tmp_path, form, polygons):
    """Triangles = the fans of the polygons."""
    write_ply(tmp_path / "a.ply", form, polygons)
    mesh = read_mesh(tmp_path / "a.ply")
    assert mesh.vertices.tolist() == [list(v) for v in VERTICES]
    assert sorted(map(tuple, mesh.triangles.tolist())) == TRIANGLES
    assert mesh.triangles.dtype == np.int32


def test_obj_counts_from_one_and_from_the_end(tmp_path):
    text = "".join(f"v {x} {y} {z}\n" for x, y, z in VERTICES)
    (tmp_path / "a.obj").write_text("# by hand\n\n" + text + "f 1/1/1 2/2 3 4\nf -5 -4 -1\n")
    mesh = read_mesh(tmp_path / "a.obj")
    assert sorted(map(tuple, mesh.triangles.tolist())) == TRIANGLES


@pytest.mark.parametrize(
    "content",
    [b"", b"not a ply", b"ply\nformat weird 1.0\nend_header\n", ply_header("binary_little_endian").encode()[:-30]],
)
def test_damaged_ply(tmp_path, content):
    (tmp_path / "a.ply").write_bytes(content)
    with pytest.raises(InvalidCloud, match=r"a\.ply"):
        read_mesh(tmp_path / "a.ply")


def test_truncated_ply(tmp_path):
    write_ply(tmp_path / "a.ply", "binary_little_endian")
    whole = (tmp_path / "a.ply").read_bytes()
    for cut in (1, 10, 40, 80):
        (tmp_path / "a.ply").write_bytes(whole[:-cut])
        with pytest.raises(InvalidCloud):
            read_mesh(tmp_path / "a.ply")


def test_ply_of_points_is_no_mesh(tmp_path):
    (tmp_path / "a.ply").write_text("ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nend_header\n")
    with pytest.raises(InvalidCloud):
        read_mesh(tmp_path / "a.ply")


def test_triangles_outside_the_vertices(tmp_path):
    write_ply(tmp_path / "a.ply", "ascii", [(0, 1, 9)])
    with pytest.raises(InvalidCloud, match="outside"):
        read_mesh(tmp_path / "a.ply")


@pytest.mark.skipif(importlib.util.find_spec("trimesh") is not None, reason="trimesh is installed")
def test_other_formats_name_the_extra(tmp_path):
    (tmp_path / "a.stl").write_bytes(b"")
    with pytest.raises(ImportError, match=r"pip install '\.\[train\]'"):
        read_mesh(tmp_path / "a.stl")


def test_find_meshes_sorts_and_thins(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.ply", "a.obj", "sub/c.ply", "notes.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in find_meshes(tmp_path)] == ["a.obj", "b.ply", "c.ply"]
    assert [p.name for p in find_meshes(tmp_path, 2)] == ["a.obj", "c.ply"]
    with pytest.raises(FileNotFoundError):
        find_meshes(tmp_path / "nowhere")


def test_find_meshes_by_name(tmp_path):
    """A mesh is taken if one pattern matches its whole name; then they are thinned."""
    (tmp_path / "sub").mkdir()
    for name in ("a_1.ply", "a_2.obj", "aa.ply", "sub/b.ply", "B.ply", "a_3.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in find_meshes(tmp_path, only=["a_*", "b.ply"])] == ["a_1.ply", "a_2.obj", "b.ply"]
    assert [p.name for p in find_meshes(tmp_path, 2, ["a_*", "b.ply"])] == ["a_1.ply", "b.ply"]
    assert find_meshes(tmp_path, only=["a"]) == []
    assert find_meshes(tmp_path, only=[]) == find_meshes(tmp_path)


def test_patterns_must_match(tmp_path):
    for name in ("a/one.ply", "b/two.ply"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    require_meshes([tmp_path / "a", tmp_path / "b"], ["one*", "two*"])
    with pytest.raises(FileNotFoundError, match="two"):
        require_meshes([tmp_path / "a"], ["one*", "two*"])
