"""A cache of fitted tables is there where it is asked for, stays small, and remembers what does not fit."""

from __future__ import annotations

import os

import numpy as np
import pytest

from pcc.sensors import cache
from pcc.sensors.known import known_tables
from tests.sensors.tables import small_table


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PCC_SENSOR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_no_cache_unless_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for value in (None, ""):
        if value is None:
            monkeypatch.delenv("PCC_SENSOR_CACHE")
        else:
            monkeypatch.setenv("PCC_SENSOR_CACHE", value)
        assert cache.cache_folder() is None
        cache.keep_table(small_table(), 1.0)
        cache.keep_miss(np.ones((9, 3)))
        assert not cache.is_miss(np.ones((9, 3)))
        assert list(tmp_path.iterdir()) == []


def test_tables_are_kept_and_the_oldest_go(folder):
    tables = [small_table(seed=seed).named(f"fitted-{seed:03d}") for seed in range(cache.MAX_TABLES + 3)]
    for age, table in enumerate(tables):
        cache.keep_table(table, 0.99)
        os.utime(folder / f"{table.name}.json", (age, age))
    cache.touch(tables[3])
    cache.keep_table(small_table(seed=99).named("fitted-999"), 0.99)
    names = sorted(path.stem for path in folder.glob("*.json"))
    assert len(names) == cache.MAX_TABLES
    assert tables[3].name in names
    assert tables[4].name not in names
    assert "fitted-999" in [table.name for table in known_tables()]


def test_misses_are_remembered(folder, rng):
    xyz = rng.normal(size=(500, 3)) * [9, 9, 1]
    assert not cache.is_miss(xyz)
    cache.keep_miss(xyz)
    assert cache.is_miss(xyz)
    assert cache.is_miss(xyz[rng.permutation(500)])
    assert not cache.is_miss(xyz * [1, 1, 9])
    for n in range(3, 600):
        cache.keep_miss(np.tile([1.0, 0, n], (n, 1)))
    assert len((folder / "misses.txt").read_text().splitlines()) <= cache.MAX_MISSES


def test_a_cache_that_cannot_be_written_is_none(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PCC_SENSOR_CACHE", str(tmp_path / "file" / "below"))
    cache.keep_table(small_table(), 1.0)
    cache.keep_miss(np.ones((9, 3)))
    assert not cache.is_miss(np.ones((9, 3)))
