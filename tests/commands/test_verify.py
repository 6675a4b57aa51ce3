"""``agree``: what counts as the same cloud, and what does not."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pcc
from pcc.codec.agreement import agree
from pcc.codec.header import FrameHeader
from pcc.errors import CorruptStream
from pcc.geometry.voxels import Grid
from pcc.pointcloud import PointCloud
from tests.test_cli import run

XYZ = np.array([[2, 0, 0], [0, 0, 0], [2, 0, 0]], np.int32)
ORIGINAL = PointCloud(XYZ, {"i": np.array([5, 6, 7], np.uint8)})
DECODED = PointCloud(XYZ[[1, 0, 2]], {"i": np.array([6, 5, 7], np.uint8)})
HEADER = FrameHeader(Grid(1.0, 1.0, (0, 0, 0), np.dtype(np.int32)), 2, 3, 2)


def test_the_same_multiset_is_lossless():
    assert agree(ORIGINAL, DECODED, HEADER).lossless
    text = agree(ORIGINAL, PointCloud(DECODED.xyz), HEADER).text
    assert text == "the same points and values; fields not in the stream: i"


@pytest.mark.parametrize(
    "decoded",
    [
        PointCloud(DECODED.xyz[:2]),
        PointCloud(DECODED.xyz + np.int32(1)),
        PointCloud(DECODED.xyz.astype(np.int64)),
        PointCloud(DECODED.xyz, {"i": np.array([5, 6, 7], np.uint8)}),
        PointCloud(DECODED.xyz, {"i": np.array([6, 5, 7], np.int8)}),
        PointCloud(DECODED.xyz, {"other": np.zeros(3)}),
    ],
)
def test_any_difference_is_noticed(decoded):
    with pytest.raises(CorruptStream):
        agree(ORIGINAL, decoded, HEADER)


def test_merged_points_keep_the_first():
    header = FrameHeader(HEADER.grid, 2, 2, 2, num_merged=1)
    agreement = agree(ORIGINAL, DECODED.take(np.array([0, 1])), header)
    assert (agreement.lossless, agreement.max_error) == (False, 0.0)


def test_a_bound_is_measured():
    """max_error = the largest Euclidean distance; half a voxel an axis is the most that is let through."""
    original = PointCloud(np.array([[0.4, 0.3, 0.0], [1.1, 1.0, 1.0]]))
    header = FrameHeader(Grid(1.0, 1.0, (0, 0, 0), np.dtype(float)), 1, 2, 2, quantized=True)
    decoded = PointCloud(np.array([[0.0, 0, 0], [1, 1, 1]]))
    assert agree(original, decoded, header).max_error == pytest.approx(0.5)
    with pytest.raises(CorruptStream, match="positions differ"):
        agree(original, PointCloud(decoded.xyz + 0.7), header)


def test_lossy_clouds_are_held_against_their_originals(tmp_path, monkeypatch, capsys):
    """What is kept of them is said; another cloud, or a field of another, is found."""
    pytest.importorskip("torch", reason="extra 'train' is not installed: the program under test is exported from it")
    from tests.networks import TINY_LOSSY, exported, random_network

    (tmp_path / "models").mkdir()
    exported(random_network(TINY_LOSSY), tmp_path / "models" / "dense-lossy.safetensors")
    monkeypatch.setenv("PCC_MODEL_PATH", str(tmp_path / "models"))
    x, y = (a.ravel() for a in np.meshgrid(np.arange(30), np.arange(30)))
    cloud = pcc.PointCloud(np.stack([x, y, x * y // 60], 1).astype(np.int16), {"shade": x.astype(np.uint8)})
    pcc.write_points(tmp_path / "a.npz", cloud)
    pcc.write_points(tmp_path / "b.npz", pcc.PointCloud(cloud.xyz * 9, cloud.fields))
    pcc.write_points(tmp_path / "c.npz", pcc.PointCloud(cloud.xyz))
    assert run("encode", tmp_path / "a.npz", "--quality", "40") == 0
    assert "3 levels of 5 inferred" in capsys.readouterr().out
    stream = tmp_path / "a.pcc"
    assert run("info", stream) == 0
    assert "level 2     coded in part: share 96 of 255, lean" in capsys.readouterr().out
    assert run("verify", stream, "--against", tmp_path / "a.npz") == 0
    assert re.search(r"[\d.]+% of the voxels are there, D1 [\d.]+ dB \(peak 31\)", capsys.readouterr().out)
    for psnr, peak, code in (("5", "31", 0), ("90", "31", 3), ("90", "1e6", 0)):
        assert run("verify", stream, "--against", tmp_path / "a.npz", "--psnr", psnr, "--peak", peak) == code
    assert "less than 90" in capsys.readouterr().err
    assert run("verify", stream, "--psnr", "5") == 2
    assert "--against" in capsys.readouterr().err
    assert run("verify", stream, "--against", tmp_path / "b.npz") == 3
    assert "another cloud" in capsys.readouterr().err
    assert run("verify", stream, "--against", tmp_path / "c.npz") == 3
    assert "'shade' is not in the original" in capsys.readouterr().err
