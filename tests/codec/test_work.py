"""A purse: what is spent adds up, nothing is beyond the limit, and a frame's is paid by its file too."""

from __future__ import annotations

import pytest

from pcc.codec.limits import Limits, nodes_of, plain_nodes_of
from pcc.codec.work import Work, position_bytes
from pcc.errors import LimitExceeded


def test_what_is_spent_adds_up():
    work = Work(100, 7)
    work.spend(60)
    work.spend(40)
    assert work.spent == 100
    with pytest.raises(LimitExceeded, match="7 bytes ask for the work of 101 at least, the limit is 100"):
        work.spend(1)


def test_the_file_pays_for_its_frames():
    """Two frames of 60 nodes each: each alone is within the file's 100, both are not."""
    whole = Work(100, 50)
    Work(80, 20, whole).spend(60)
    with pytest.raises(LimitExceeded, match="50 bytes"):
        Work(80, 20, whole).spend(60)
    with pytest.raises(LimitExceeded, match="20 bytes"):
        Work(80, 20, Work(1000, 50)).spend(81)


@pytest.mark.parametrize(
    "spend",
    [
        lambda work: work.spend(51),
        lambda work: work.level(24, 0),
        lambda work: work.steps(816),
        lambda work: work.memory(51 << 10),
        lambda work: work.columns(2),
    ],
)
def test_plain_work_has_a_limit_of_its_own(spend):
    """What no network does is within 50 of the 10 000, in a frame and in its file; networks are not."""
    for work in (Work(10_000, 0, plain_limit=50), Work(10_000, 0, Work(10_000, 0, plain_limit=50))):
        work.level(1000, 1)
        work.links(1000)
        work.cells(1000)
        with pytest.raises(LimitExceeded, match="the limit is 50 "):
            spend(work)


@pytest.mark.parametrize(
    ("spend", "nodes"),
    [
        (lambda work: work.level(1000, 0), 48 + 125),
        (lambda work: work.level(1000, 64), 48 + 512 + 1000),
        (lambda work: work.links(27_000), 27_000 / 16),
        (lambda work: work.cells(1000), 6144 + 1000),
        (lambda work: work.columns(3), 144),
        (lambda work: work.steps(1000), 62.5),
        (lambda work: work.memory(1 << 20), 1024),
    ],
)
def test_prices(spend, nodes):
    work = Work(10_000, 0)
    spend(work)
    assert work.spent == nodes


def test_bytes_of_positions():
    """8 bytes of a code and 3 coordinates: of points, and of voxels where these are others, whose counts take 32."""
    assert position_bytes(0, 0, 4) == 0
    assert position_bytes(10, 10, 4) == 10 * 20
    assert position_bytes(10, 1, 2) == 10 * 14 + 14 + 32


def test_limits_by_size_or_as_given():
    assert Work.of(1000, Limits()).limit == nodes_of(1000)
    assert Work.of(1000, Limits()).plain_limit == plain_nodes_of(1000)
    assert Work.of(1000, Limits(max_nodes=5)).limit == Work.of(1000, Limits(max_nodes=5)).plain_limit == 5
