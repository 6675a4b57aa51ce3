"""pcc.evaluation.demo: the promise is checked, not assumed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rich.console import Console

from pcc.anchors.bypass import Bypass
from pcc.anchors.draco import Draco
from pcc.evaluation.demo import demo, promise_kept
from pcc.io import write_points
from pcc.pointcloud import PointCloud

pytest.importorskip("pykdtree", reason="the extra eval is not installed")
pytest.importorskip("DracoPy", reason="the extra eval is not installed")


@pytest.fixture
def folder(tmp_path):
    """One cloud with a duplicate."""
    write_points(tmp_path / "c.ply", PointCloud(np.array([[0, 0, 0], [0, 0, 0], [1, 2, 3]], np.int32)))
    (tmp_path / "clouds.json").write_text(json.dumps([{"name": "c", "path": "c.ply", "peak": 7}]))
    return tmp_path


@pytest.mark.parametrize(("codec", "kept"), [(Bypass("raw"), True), (Draco(), False)])
def test_demo(folder, capsys, codec, kept):
    """A codec that loses a duplicate has not kept "keep"."""
    assert demo(folder, [codec], Console(width=200)) == kept
    printed = capsys.readouterr().out
    assert ("every promise verified" if kept else "NOT every promise") in printed


def test_bounds(small):
    """The voxel size's bound holds for what was voxelised, and is no excuse without one."""
    cells = {(cell.cloud, cell.codec): cell for cell in small[0].cells}
    assert promise_kept(cells["coarse", "draco"])
    assert promise_kept(cells["voxels", "zlib"])
    assert not promise_kept(cells["voxels", "draco"])
