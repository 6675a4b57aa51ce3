"""What is no number is refused by name; None passes where it may."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pcc.records import check_numbers


@dataclass(frozen=True)
class Record:
    count: int = 1
    rate: float = 0.5
    on: bool = True
    most: int | None = None
    name: str = "x"

    def __post_init__(self) -> None:
        check_numbers(self)


@pytest.mark.parametrize("values", [{}, {"count": -3}, {"rate": 2}, {"most": 4}, {"on": False}, {"name": 5}])
def test_accepted(values):
    Record(**values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"count": "abc"}, "count: expected an integer, got 'abc'"),
        ({"count": 1.5}, "count: expected an integer, got 1.5"),
        ({"count": True}, "count: expected an integer, got True"),
        ({"count": None}, "count: expected an integer, got None"),
        ({"rate": "1e-3x"}, "rate: expected a number, got '1e-3x'"),
        ({"rate": [1]}, r"rate: expected a number, got \[1\]"),
        ({"on": 1}, "on: expected true or false, got 1"),
        ({"most": "many"}, "most: expected an integer, got 'many'"),
    ],
)
def test_refused(values, said):
    with pytest.raises(ValueError, match=said):
        Record(**values)
