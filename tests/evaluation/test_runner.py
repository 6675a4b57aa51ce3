"""pcc.evaluation.runner with real codecs in real processes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pcc.anchors.bypass import Bypass
from pcc.evaluation.runner import evaluate


def cell(evaluation, cloud, codec):
    return next(c for c in evaluation.cells if (c.cloud, c.codec) == (cloud, codec))


def test_all_cells_run_in_order(small):
    """cells + failures = clouds x codecs, clouds first."""
    evaluation, _ = small
    ran = [(c.cloud, c.codec) for c in evaluation.cells]
    assert ran == [
        (c, k) for c in ("voxels", "coarse", "floats") for k in ("draco", "zlib") if (c, k) != ("floats", "draco")
    ]


def test_a_failure_is_listed_and_isolated(small):
    """A cloud on no grid is no cloud for Draco; the bypass still codes it."""
    evaluation, _ = small
    (failure,) = evaluation.failures
    assert (failure.cloud, failure.codec) == ("floats", "draco")
    assert "InvalidCloud" in failure.error


def test_rate_counts_the_file_and_the_input_points(small):
    """bpp = 8 x size of the stream's file / points of the input, duplicates included."""
    evaluation, folder = small
    result = cell(evaluation, "voxels", "draco")
    stream = (folder / "out" / "voxels.draco.bin").read_bytes()
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
        assert 0 < result.complexity.encode_s <= result.encode_total_s
        assert 0 < result.complexity.decode_s <= result.decode_total_s
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
    with pytest.raises(ValueError, match="at least 1"):
        evaluate([], [], Path(tmp_path), repeats=0)
