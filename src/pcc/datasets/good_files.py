"""One bad file among many: it is named and left out, and the others train."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TypeVar

from pcc.errors import InvalidCloud, LimitExceeded, PccWarning, UnsupportedField

Item = TypeVar("Item")
Result = TypeVar("Result")

BAD = (InvalidCloud, UnsupportedField, LimitExceeded, OSError)  # not HeldOutCloud: such a file is good, and refused


def read_good(items: Iterable[Item], read: Callable[[Item], Result]) -> list[Result]:
    """What ``read`` makes of every item; one that raises for its file is skipped with a warning that says why.

    Raises:
        InvalidCloud: there are items, and all are bad.
    """
    results: list[Result] = []
    first, num_bad = None, 0
    for item in items:
        try:
            results.append(read(item))
        except BAD as error:
            warnings.warn(f"skipped: {error}", PccWarning, stacklevel=2)
            first, num_bad = first or error, num_bad + 1
    if first is not None and not results:
        raise InvalidCloud(f"none of {num_bad} files can be used; the first: {first}") from first
    return results
