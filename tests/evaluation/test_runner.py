"""pcc.evaluation.runner with real codecs in real processes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pcc.anchors import Setting
from pcc.anchors.bypass import Bypass
from pcc.anchors.draco import Draco
from pcc.evaluation.runner import by_reason, evaluate
from pcc.evaluation.sources import Source
from pcc.evaluation.store import CellStore
from pcc.io import write_points
from pcc.pointcloud import PointCloud


def cell(evaluation, cloud, codec):
    return next(c for c in evaluation.cells if (c.cloud, c.codec) == (cloud, codec))


def test_all_cells_run_in_order(small):
    """cells + failures = clouds x codecs, clouds first."""
    evaluation, _ = small
    ran = [(c.cloud, c.codec) for c in evaluation.cells]
    assert ran == [
        (c, k) for c in ("voxels", "coarse", "wide") for k in ("draco", "zlib") if (c, k) != ("wide", "draco")
    ]


def test_a_failure_is_listed_and_isolated(small):
    """A cloud of 50 bits per axis is too wide for Draco; the bypass still codes it."""
    evaluation, _ = small
    (failure,) = evaluation.failures
    assert (failure.cloud, failure.codec) == ("wide", "draco")
    assert "LimitExceeded" in failure.error
    assert evaluation.not_run == []


def test_rate_counts_the_file_and_the_input_points(small):
    """bpp = 8 x size of the stream's file / points of the input, duplicates included."""
    evaluation, folder = small
    result = cell(evaluation, "voxels", "draco")
    stream = (folder / "out" / "voxels.draco.lossless.bin").read_bytes()
    assert result.num_points == 450
    assert result.num_bytes == len(stream)
    assert result.bpp == pytest.approx(8 * len(stream) / 450)
    assert result.stream_sha256 == hashlib.sha256(stream).hexdigest()
    assert result.input_sha256 == hashlib.sha256((folder / "voxels.ply").read_bytes()).hexdigest()


def test_lossless_is_told_apart(small):
    """Draco merges duplicates (set), the bypass keeps them (multiset), a voxel size loses (no)."""
    evaluation, _ = small
    assert cell(evaluation, "voxels", "draco").lossless == "set"
    assert cell(evaluation, "voxels", "zlib").lossless == "multiset"
    coarse = cell(evaluation, "coarse", "draco")
    assert coarse.lossless == "no"
    assert 0 < coarse.distortion.max_error <= 4 * 3**0.5


def test_costs_are_measured(small):
    """0 < call <= total with I/O, for one repeat; a process's peak is megabytes."""
    evaluation, _ = small
    for result in evaluation.cells:
        assert 0 < result.complexity.encode_s <= result.complexity.encode_total_s
        assert 0 < result.complexity.decode_s <= result.complexity.decode_total_s
        assert min(result.complexity.encode_peak_bytes, result.complexity.decode_peak_bytes) > 1 << 20
        assert result.complexity.parameters is None


def test_conditions_are_recorded(small):
    machine = small[0].machine
    assert machine.cores >= 1
    assert machine.isa in ("scalar", "avx2", "avx512")
    assert "numpy" in machine.versions


def test_refuses_what_it_cannot_tell_apart(tmp_path):
    with pytest.raises(ValueError, match="different names"):
        evaluate([], [Bypass("raw"), Bypass("raw")], tmp_path)
    for wrong in ({"repeats": 0}, {"workers": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            evaluate([], [], tmp_path, **wrong)


class Counting(Bypass):
    """A bypass that says how often it was asked; the count is a file, since cells run in processes of their own."""

    def __init__(self, log: Path) -> None:
        super().__init__("raw")
        self.log = log

    def identity(self) -> str:
        return "counting"

    def compress(self, cloud, setting):
        with self.log.open("a") as file:
            file.write("x")
        return super().compress(cloud, setting)


@pytest.fixture
def one(tmp_path):
    write_points(tmp_path / "c.ply", PointCloud(np.arange(30, dtype=np.int32).reshape(10, 3)))
    return Source("c", tmp_path / "c.ply", 31, Setting())


def test_finished_cells_are_not_run_again(one, tmp_path):
    """The second evaluation takes the cell from the store, under its new name; another cloud or setting is run."""
    codec, store = Counting(tmp_path / "log"), CellStore(tmp_path / "cells")
    runs = lambda: len((tmp_path / "log").read_text())  # noqa: E731
    first = evaluate([one], [codec], tmp_path / "out", store=store)
    again = evaluate([replace(one, name="d")], [codec], tmp_path / "out", store=store)
    assert (runs(), first.num_reused, again.num_reused) == (1, 0, 1)
    assert again.cells == [replace(first.cells[0], cloud="d")]
    evaluate([replace(one, peak=63)], [codec], tmp_path / "out", store=store)
    evaluate([replace(one, setting=Setting(duplicates="merge"))], [codec], tmp_path / "out", store=store)
    write_points(one.path, PointCloud(np.arange(60, dtype=np.int32).reshape(20, 3)))
    evaluate([one], [codec], tmp_path / "out", store=store)
    assert runs() == 4
    next((tmp_path / "cells").iterdir()).write_text("{")
    assert sum(store.find(path.stem) is None for path in (tmp_path / "cells").iterdir()) == 1


def test_several_at_a_time_give_the_same_order(one, tmp_path):
    codecs = [Bypass(method) for method in ("raw", "zlib", "xz")]
    cells = evaluate([one], codecs, tmp_path / "out", workers=3).cells
    assert [cell.codec for cell in cells] == ["raw", "zlib", "xz"]
    assert not list((tmp_path / "out").iterdir())


def test_rates_and_what_cannot_run(one, tmp_path):
    """Four of six scales differ on ten points; the bypass knows none of them and is listed, not failed."""
    result = evaluate(
        [one], [Draco(), Bypass("raw")], tmp_path / "out", rates=["lossless", "r01", {"rate": "x", "scale": 0.5}]
    )
    assert [(c.codec, c.setting.rate) for c in result.cells] == [
        ("draco", "lossless"), ("draco", "r01"), ("draco", "x"), ("raw", "lossless"),
    ]  # fmt: skip
    assert by_reason(result.not_run) == [("raw", "lossless only", "c r01, x")]
    assert result.failures == []
    with pytest.raises(ValueError, match="rates"):
        evaluate([one], [Draco()], tmp_path / "out", rates=["r07"])
