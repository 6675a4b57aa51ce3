"""pcc.evaluation.sources: what a configuration lists, and nothing silently."""

from __future__ import annotations

import json

import pytest

from pcc.anchors import Setting
from pcc.evaluation.sources import Source, indexed_sources, sources


@pytest.fixture
def folder(tmp_path):
    for name in ("a.ply", "b_1.bin", "b_2.bin"):
        (tmp_path / name).touch()
    return tmp_path


def test_entries_and_patterns(folder):
    """One file, one entry; a pattern's n files, n entries with the stem in the name."""
    one = {"name": "a", "path": "a.ply", "peak": 1023}
    two = {"name": "b", "path": "b_*.bin", "peak": 30, "voxel_size": 0.1, "category": "LiDAR", "frame_rate_hz": 10}
    found = sources(folder, [one, two], fields="all")
    assert [source.bits for source in found] == [10, 18, 18]
    assert found == [
        Source("a", folder / "a.ply", 1023.0, Setting(fields="all")),
        Source("b/b_1", folder / "b_1.bin", 30.0, Setting(voxel_size=0.1, fields="all"), "LiDAR", "b", 10),
        Source("b/b_2", folder / "b_2.bin", 30.0, Setting(voxel_size=0.1, fields="all"), "LiDAR", "b", 10),
    ]


def test_index(folder):
    (folder / "clouds.json").write_text(json.dumps([{"name": "a", "path": "a.ply", "peak": 1}]))
    assert [source.name for source in indexed_sources(folder)] == ["a"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "a", "path": "a.ply"}, "peak"),
        ({"name": "a", "path": "a.ply", "peak": 1, "voxelsize": 1}, "voxelsize"),
    ],
)
def test_missing_and_unknown_keys(folder, entry, message):
    with pytest.raises(ValueError, match=message):
        sources(folder, [entry])


def test_names_are_unique(folder):
    with pytest.raises(ValueError, match="each once"):
        sources(folder, [{"name": "a", "path": "a.ply", "peak": 1}] * 2)


def test_missing_files(folder):
    with pytest.raises(FileNotFoundError, match="no such file"):
        sources(folder, [{"name": "a", "path": "c.ply", "peak": 1}])
    with pytest.raises(FileNotFoundError, match=r"data/README\.md"):
        sources(folder / "none", [])
    with pytest.raises(FileNotFoundError, match=r"clouds\.json"):
        indexed_sources(folder)
