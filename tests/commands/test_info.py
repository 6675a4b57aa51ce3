"""What `pcc info` says of positions: their grid, of each axis, or that there is none; points without a voxel."""

from __future__ import annotations

import json

import pytest

from pcc.cli import main
from tests import golden


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("surface_2", "int16, step 1, 7 bits per axis, lossless"),
        ("map_coordinates", "float64, step 0.01 x 0.01 x 0.001, 16 bits per axis, lossless"),
        ("far_apart", "int64, step 1, 40 bits per axis, lossless"),
        ("free_float64", "float64, bit for bit, not on a grid, lossless"),
    ],
)
def test_grid(name, said, capsys):
    info(f"{name}.pcc")
    assert f"xyz         {said}\n" in capsys.readouterr().out


def test_points_without_a_voxel(capsys):
    info("free_float32.pcc")
    assert "apart       14 points that are nowhere, or too far off for a voxel\n" in capsys.readouterr().out


def test_json_has_the_same(capsys):
    info("map_coordinates.pcc", "--json")
    frame = json.loads(capsys.readouterr().out)["frames"][0]
    assert (frame["steps"], frame["exact"], frame["low_bits"], frame["num_raw"]) == ([0.01, 0.01, 0.001], False, 0, 0)


def info(name: str, *options: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["info", str(golden.FOLDER / name), *options])
    assert ended.value.code == 0
