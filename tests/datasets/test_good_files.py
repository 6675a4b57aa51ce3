"""read_good = map over the good ones; the bad are named; none good is an error, and a held-out cloud always."""

from __future__ import annotations

import warnings

import pytest

from pcc.datasets.good_files import read_good
from pcc.datasets.heldout import HeldOutCloud
from pcc.errors import InvalidCloud, LimitExceeded, PccWarning, UnsupportedField


def read(item):
    if isinstance(item, Exception):
        raise item
    return item * 2


def test_no_items_and_good_items():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_good([], read) == []
        assert read_good([1, 2], read) == [2, 4]


@pytest.mark.parametrize(
    "error", [InvalidCloud("b: x"), UnsupportedField("b: x"), LimitExceeded("b: x"), OSError("b: x")]
)
def test_a_bad_item_is_named_and_skipped(error):
    with pytest.warns(PccWarning, match="^skipped: b: x$"):
        assert read_good([1, error, 2], read) == [2, 4]


def test_none_good():
    with pytest.warns(PccWarning), pytest.raises(InvalidCloud, match="none of 2 files can be used; the first: a"):
        read_good([InvalidCloud("a"), OSError("b")], read)


@pytest.mark.parametrize("error", [HeldOutCloud("a"), ImportError("trimesh"), ZeroDivisionError()])
def test_other_errors_end_it(error):
    with pytest.raises(type(error)):
        read_good([1, error], read)
