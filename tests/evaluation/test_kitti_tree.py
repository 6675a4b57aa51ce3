"""pcc.evaluation.kitti_tree: what KITTI's readers find is the decoded cloud, with the labels of its number."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pcc.anchors import Setting
from pcc.anchors.bypass import Bypass
from pcc.errors import MissingField
from pcc.evaluation.kitti_tree import RECORD, export_tree, main
from pcc.evaluation.ours import PccCodec
from pcc.evaluation.passage import Passage
from pcc.io import read_points, write_points
from pcc.pointcloud import PointCloud


@pytest.fixture
def source(tmp_path, rng):
    """A training folder of KITTI detection: two frames with calibration, labels, lists, and an image."""
    folder = tmp_path / "training"
    for name in ("velodyne", "calib", "label_2", "ImageSets/deep", "image_2"):
        (folder / name).mkdir(parents=True)
    for number in ("000003", "000012"):
        xyz = np.float32(rng.integers(-9000, 9000, (300, 3)) / 1000)
        cloud = PointCloud(xyz, {"intensity": np.float32(rng.integers(0, 100, 300) / 100)})
        write_points(folder / "velodyne" / f"{number}.bin", cloud)
        (folder / "calib" / f"{number}.txt").write_text("P0: 1\n")
        (folder / "label_2" / f"{number}.txt").write_text("Car 0 0\n")
        (folder / "image_2" / f"{number}.png").write_bytes(b"image")
    (folder / "ImageSets" / "deep" / "val.txt").write_text("000003\n000012\n")
    (folder / "times.txt").write_text("0\n")
    return folder


def frames_of(source):
    return sorted((source / "velodyne").glob("*.bin"))


def sorted_rows(path) -> np.ndarray:
    """(N, 4) as a reader of KITTI sees them, in an order of their own."""
    table = np.fromfile(path, np.float32).reshape(-1, 4)
    return table[np.lexsort(table.T)]


def test_detection_layout(source, tmp_path):
    """A lossless codec: the same rows of four float32, in another order; text beside them, no images."""
    out = tmp_path / "out"
    passage = Passage(PccCodec("adaptive"), Setting(fields="all"))
    written = export_tree(frames_of(source), out, passage, "detection", source=source)
    assert [path.relative_to(out).as_posix() for path in written] == ["velodyne/000003.bin", "velodyne/000012.bin"]
    for original, decoded in zip(frames_of(source), written, strict=True):
        assert np.array_equal(sorted_rows(original), sorted_rows(decoded))
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert files == {
        "velodyne/000003.bin", "velodyne/000012.bin", "calib/000003.txt", "calib/000012.txt", "label_2/000003.txt",
        "label_2/000012.txt", "ImageSets/deep/val.txt", "times.txt", RECORD,
    }  # fmt: skip
    record = json.loads((out / RECORD).read_text())
    assert record["codec"] == "pcc-adaptive"
    assert (record["order"], record["intensity"]) == ("changed", "exact")
    assert record["bpp"] == passage.bpp == 8 * record["num_bytes"] / 600


def test_raw_layout(source, tmp_path):
    written = export_tree(frames_of(source), tmp_path / "out", Passage(Bypass("raw"), Setting(fields="all")), "raw")
    assert written[1] == tmp_path / "out" / "velodyne_points" / "data" / "0000000012.bin"
    assert written[1].read_bytes() == frames_of(source)[1].read_bytes()


def test_intensity_is_never_dropped_silently(source, tmp_path):
    passage = Passage(Bypass("raw"), Setting())
    with pytest.raises(MissingField, match=r"000003\.bin: decoded without intensity"):
        export_tree(frames_of(source), tmp_path / "out", passage, "detection")
    assert not (tmp_path / "out" / RECORD).exists()
    passage = Passage(Bypass("raw"), Setting())
    written = export_tree(frames_of(source), tmp_path / "out", passage, "detection", zero_intensity=True)
    assert not read_points(written[0]).fields["intensity"].any()
    assert json.loads((tmp_path / "out" / RECORD).read_text())["intensity"] == "zero"


def test_originals_are_not_overwritten(source):
    before = frames_of(source)[0].read_bytes()
    passage = Passage(Bypass("raw"), Setting(fields="all"))
    with pytest.raises(ValueError, match="would be overwritten"):
        export_tree(frames_of(source), source, passage, "detection")
    with pytest.raises(ValueError, match="another folder"):
        export_tree(frames_of(source), source, passage, "raw", source=source)
    assert frames_of(source)[0].read_bytes() == before


@pytest.mark.parametrize(
    ("names", "layout", "reason"),
    [
        ([], "detection", "at least one"),
        (["1.bin"], "nuscenes", "layout"),
        (["a.bin"], "detection", "got 'a'"),
        (["²1.bin"], "detection", "numbers"),
        (["1.bin", "01.bin"], "detection", "each number once"),
    ],
)
def test_bad_frames(tmp_path, names, layout, reason):
    with pytest.raises(ValueError, match=reason):
        export_tree([tmp_path / n for n in names], tmp_path / "out", Passage(Bypass("raw"), Setting()), layout)


def test_a_missing_source(source, tmp_path):
    with pytest.raises(FileNotFoundError, match="source"):
        export_tree(
            frames_of(source), tmp_path / "out", Passage(Bypass("raw"), Setting()), "raw", source=tmp_path / "x"
        )


def test_the_command(source, tmp_path, capsys):
    words = [str(source / "velodyne"), str(tmp_path / "out"), "--layout=detection"]
    assert main([*words, "--codec=raw:fields=all", f"--source={source}"]) == 0
    assert "2 frames, 1" in capsys.readouterr().out
    assert (tmp_path / "out" / "label_2" / "000012.txt").is_file()
    assert main([*words, "--codec=raw"]) == 2
    assert "without intensity" in capsys.readouterr().err
