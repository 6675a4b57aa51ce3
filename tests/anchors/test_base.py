"""pcc.anchors.base: what a setting asks for, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pcc.anchors.base import Setting, package_version
from pcc.errors import AnchorError
from pcc.pointcloud import PointCloud

VOXELS = PointCloud(np.arange(6).reshape(2, 3))
NO_GRID = PointCloud(np.array([[math.pi, math.e, 2**0.5]]))


@pytest.mark.parametrize(
    ("setting", "step"),
    [
        (Setting(), None),
        (Setting(voxel_size=0.5), 0.5),
        (Setting(scale=0.25), 4.0),
        (Setting(voxel_size=0.5, scale=0.25), 2.0),
    ],
)
def test_step(setting, step):
    """step = voxel size / scale; none where the cloud's own grid is to stay."""
    assert setting.step(VOXELS) == step


def test_a_scale_of_no_grid():
    assert Setting().step(NO_GRID) is None
    with pytest.raises(AnchorError, match="lies on no grid"):
        Setting(scale=0.5).step(NO_GRID)


@pytest.mark.parametrize(
    "values",
    [
        {"voxel_size": 0},
        {"voxel_size": math.nan},
        {"max_error": -1},
        {"voxel_size": 1, "max_error": 1},
        {"scale": 0},
        {"scale": 1.5},
        {"fields": "colours"},
        {"duplicates": "drop"},
    ],
)
def test_refuses(values):
    """The message names the value."""
    with pytest.raises(ValueError, match=f"{next(iter(values))}.*: expected"):
        Setting(**values)


def test_versions():
    assert package_version(None) == ""
    assert package_version("numpy") == np.__version__
    with pytest.raises(AnchorError, match="no-such-package is not installed"):
        package_version("no-such-package")
