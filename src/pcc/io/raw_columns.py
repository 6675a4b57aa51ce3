"""Which columns a raw ``.bin`` of float32 has: KITTI's four, nuScenes' five, or what its numbers say.

Such files have no header, and most sizes fit several layouts. What is taken is decided by `record_length` where the
numbers tell, else it is the default: four columns, five for a name that ends in ``.pcd.bin``. Whatever is not plainly
one of these two is said in a warning, and what is no table of points at all is refused; `--columns` overrules both.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from pcc.errors import InvalidCloud, PccWarning
from pcc.io.record_length import record_length, sample_of

AXES = ("x", "y", "z")
KITTI = (*AXES, "intensity")
NUSCENES = (*KITTI, "ring")
NUSCENES_SUFFIX = ".pcd.bin"
RECOGNISED = (3, 4, 5, 6)
SKIP = "_"  # names a column that is not read

_COLOURS, _NORMALS = ("red", "green", "blue"), ("nx", "ny", "nz")
LAYOUTS = (
    AXES, KITTI, NUSCENES, (*KITTI, "column5"), (*AXES, *_COLOURS), (*AXES, *_NORMALS), (*NUSCENES, "column6"),
    (*KITTI, "column5", "column6"),
)  # fmt: skip

_MOST_ROWS = 1 << 16  # looked at
_ENOUGH = 64  # numbers, before they are expected to tell anything
_ODD_SHARE, _ODD_COUNT = 0.1, 32  # of numbers that no sensor gives, before the file is doubted, or refused


def checked_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """``columns``, if they name every column of a table of points.

    Raises:
        ValueError: x, y or z is missing, a name comes twice, or one is empty.
    """
    names = [name for name in columns if name != SKIP]
    if not all(names) or len(set(names)) < len(names) or not set(AXES) <= set(names):
        raise ValueError(
            f"columns: expected different names with x, y and z among them ({SKIP} skips one), "
            f"such as {','.join(NUSCENES)}; got {','.join(columns)!r}"
        )
    return tuple(columns)


def default_columns(name: str) -> tuple[str, ...]:
    """What a file of that name has where nothing else is known."""
    return NUSCENES if name.lower().endswith(NUSCENES_SUFFIX) else KITTI


@np.errstate(all="ignore")  # NaN and infinity are numbers like others here
def recognise(values: np.ndarray, name: str) -> tuple[str, ...]:
    """The columns of a file of (M,) float32; warns where another reading is possible.

    Raises:
        InvalidCloud: the numbers are no table of points that is known, or the file is cut short.
    """
    default = default_columns(name)
    if len(values) == 0:
        return default
    period = record_length(values)
    length = _length(values, period, len(default))
    doubt = _doubt(values, length or period, name)
    if length is None:
        raise InvalidCloud(f"{name}: {_misfit(values, period, default)}; --columns names them if they are known")
    columns = default if length == len(default) else _names(values.reshape(-1, length))
    if note := doubt or _note(values, period, columns, default):
        text = f"{name}: read as {','.join(columns)}, {length} float32 per point; {note}"
        warnings.warn(text, PccWarning, stacklevel=5)
    return columns


def _length(values: np.ndarray, period: int, default: int) -> int | None:
    """Of a record: the ``period`` of the numbers where that is known, else the default; None where neither fits."""
    if period in (1, 2, 3, 6) and _has_normals(values):
        return 6
    if period in RECOGNISED:
        return period if len(values) % period == 0 else None
    if len(values) % default == 0 and period in (1, 2):
        return 3 if _are_rather_three(values, default) else default
    if period in (1, 2):
        return 3 if _are_rather_three(values, None) else None
    return default if period % default == 0 and len(values) % default == 0 else None


def _are_rather_three(values: np.ndarray, default: int | None) -> bool:
    """Whether columns that look alike are x, y, z rather than with an intensity, which is never negative."""
    if len(values) % 3 or len(values) < _ENOUGH:
        return False
    return default is None or bool((values[3::default] < 0).mean() > _ODD_SHARE)


def _has_normals(values: np.ndarray) -> bool:
    """Whether numbers 4 to 6 of every six are a vector of length 1."""
    if len(values) % 6 or len(values) < _ENOUGH:
        return False
    vectors = values.reshape(-1, 6)[:_MOST_ROWS, 3:].astype(np.float64)
    return bool((np.abs((vectors**2).sum(axis=1) - 1) < 1e-3).mean() > 0.95)


def _names(table: np.ndarray) -> tuple[str, ...]:
    """Of the columns of an (N, K) table."""
    rest = table[:, 3:]
    if rest.shape[1] == 3 and _has_normals(table.ravel()):
        return (*AXES, *_NORMALS)
    if rest.shape[1] == 3 and all(_are_whole(column, 255) for column in rest.T) and rest.max(initial=0) > 1:
        return (*AXES, *_COLOURS)
    ring = "ring" if rest.shape[1] > 1 and _are_whole(rest[:, 1], 1023) else "column5"
    return (*KITTI, ring, "column6")[: table.shape[1]]


def _are_whole(column: np.ndarray, most: int) -> bool:
    return bool(((column == np.rint(column)) & (column >= 0) & (column <= most)).all())


def _doubt(values: np.ndarray, length: int, name: str) -> str:
    """What to say of a few coordinates that no sensor gives; raises InvalidCloud for many, and for text."""
    sample, places = sample_of(values)
    characters = sample.view(np.uint8)
    printable = ((characters >= 32) & (characters < 127)) | (characters == 10) | (characters == 13)
    if len(printable) >= _ENOUGH and (printable.mean() > 0.95 or printable[:16].all()):
        raise InvalidCloud(f"{name}: it begins with text, so this is no table of float32 alone")
    odd = _odd(sample[(places % length < 3) | (length not in RECOGNISED)])
    if not len(odd) or odd.mean() <= _ODD_SHARE:
        return ""
    what = f"{odd.mean():.0%} of the coordinates are numbers that no sensor gives, such as 1e-30 or 1e30"
    if np.count_nonzero(odd) >= _ODD_COUNT:
        raise InvalidCloud(f"{name}: {what}, so this is no table of float32; --columns reads it all the same")
    return f"{what}: is this a table of float32?"


def _odd(values: np.ndarray) -> np.ndarray:
    """Which are beyond 2^34, nearer to 0 than 2^-70, or a NaN that no processor makes; zero and infinity are not."""
    bits = values.view(np.uint32)
    exponent, mantissa = (bits >> 23) & 255, bits & 0x7FFFFF
    usual = (exponent >= 127 - 70) & (exponent < 127 + 34)
    special = (exponent == 255) & np.isin(mantissa, (0, 0x400000, 0x7FFFFF))
    return ~(usual | special | (bits & 0x7FFFFFFF == 0))


def _misfit(values: np.ndarray, period: int, default: tuple[str, ...]) -> str:
    """What is wrong with a file that no layout fits."""
    size, num_bytes = 4 * len(default), values.nbytes
    if period in RECOGNISED:
        return (
            f"expected {4 * period} bytes per point (a multiple of {4 * period}), as its numbers show, got {num_bytes}"
        )
    if period > 2:
        return f"its numbers repeat every {period} float32, which is no layout that is known"
    return f"expected {size} bytes per point (a multiple of {size}), got {num_bytes}"


def _note(values: np.ndarray, period: int, columns: tuple[str, ...], default: tuple[str, ...]) -> str:
    """What to say of a reading; nothing where it is the default and the only one."""
    length = len(columns)
    others = [str(k) for k in RECOGNISED if k != length and len(values) % k == 0]
    if period > length and period % length == 0:
        return f"its numbers repeat every {period}, too: if a point has so many, name them with --columns"
    if period in (1, 2):
        if others:
            return f"{' or '.join(others)} fit its size as well: --columns says which"
        alike = len(values) >= _ENOUGH
        return "its columns look alike, as those of clouds do not: --columns if they are others" if alike else ""
    if length > 3 and columns[3] == "intensity" and (values[3::length] < 0).mean() > _ODD_SHARE:
        return "its intensities are negative: are there other columns (--columns), or a header at its start?"
    is_default = columns == default and (columns != NUSCENES or _are_whole(values[4::5], 1023))
    return "" if is_default else "--columns gives others, or other names"
