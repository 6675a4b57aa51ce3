"""``.npz``: the array ``xyz`` and one array per field, uncompressed, loadable with ``numpy.load``.

Everything that a PointCloud holds fits, but for a few names that a zip archive cannot tell apart, so this is the format
to fall back on. An archive is hostile: names are taken literally, each array is held against the size of its member
before it takes memory, and objects (pickle) are never loaded.
"""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import BinaryIO, cast

import numpy as np

from pcc.errors import InvalidCloud, UnsupportedField
from pcc.io.columns import holdable, native
from pcc.io.limits import ReaderLimits
from pcc.io.source import Source
from pcc.pointcloud import PointCloud

SUFFIX = ".npy"
MAX_NAME_BYTES = 65_535 - len(SUFFIX)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of the others one byte may expand without bound
# What zipfile and numpy raise on damage, and on an encryption that zipfile does not know.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, ValueError, KeyError, IndexError,
    EOFError, OverflowError, MemoryError, TypeError, OSError,
)  # fmt: skip
EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date that zip holds: equal clouds give equal files
_BLOCK = 1 << 20


def read(source: Source, limits: ReaderLimits) -> PointCloud:
    """See ``pcc.io.read_points``; every array but ``xyz`` becomes a field."""
    if not zipfile.is_zipfile(source.file):
        raise InvalidCloud(f"{source.name}: not a readable .npz file (no zip archive of arrays, or truncated)")
    try:
        arrays = _arrays(source, limits)
        return PointCloud(native(arrays.pop("xyz")), {name: native(values) for name, values in arrays.items()})
    except DAMAGED as error:
        raise InvalidCloud(f"{source.name}: not a readable .npz file ({str(error) or type(error).__name__})") from error


def _arrays(source: Source, limits: ReaderLimits) -> dict[str, np.ndarray]:
    source.file.seek(0)
    with zipfile.ZipFile(source.file) as archive:
        members = archive.infolist()
        _check(members, source, limits)
        arrays: dict[str, np.ndarray] = {}
        for member in members:
            name = member.filename.removesuffix(SUFFIX)
            with archive.open(member) as file:
                arrays[name] = _array(cast(zipfile.ZipExtFile, file), member, f"{source.name}: {name[:100]!r}", limits)
    return arrays


def _check(members: list[zipfile.ZipInfo], source: Source, limits: ReaderLimits) -> None:
    """Raises for an archive that is not worth opening: no positions, too many or too large members, foreign ones."""
    names = [member.filename.removesuffix(SUFFIX) for member in members]
    if "xyz" not in names:
        raise InvalidCloud(f"{source.name}: expected an array 'xyz', found {names[:10]}")
    if len(set(names)) < len(names):
        raise InvalidCloud(f"{source.name}: two arrays have the same name")
    limits.check_shape(source.name, 0, len(members))
    for member in members:
        if member.compress_type not in METHODS or member.flag_bits & 1:
            raise InvalidCloud(f"{source.name}: {member.filename[:100]!r} is encrypted, or compressed in another way")
    limits.check_bytes(source.name, sum(member.file_size for member in members), source.num_bytes)


def _array(file: zipfile.ZipExtFile, member: zipfile.ZipInfo, what: str, limits: ReaderLimits) -> np.ndarray:
    """The array of one member, which says how many bytes it has: more are never read."""
    if file.read(len(np.lib.format.MAGIC_PREFIX)) != np.lib.format.MAGIC_PREFIX:
        raise InvalidCloud(f"{what} is no array")
    shape, by_columns, dtype = _header(file)
    if dtype.hasobject:
        raise InvalidCloud(f"{what} holds objects, which are never loaded")
    if dtype.kind not in "biuf":
        raise UnsupportedField(f"{what} is {dtype}, not numbers")
    num_bytes = math.prod(shape) * dtype.itemsize
    if any(n < 0 for n in shape) or len(shape) not in (1, 2) or num_bytes != member.file_size - file.tell():
        raise InvalidCloud(f"{what} claims the shape {shape}, but has {member.file_size - file.tell():,} bytes")
    limits.check_shape(what, shape[0], math.prod(shape[1:]))
    values = np.empty(math.prod(shape), dtype)
    content = values.view(np.uint8).data
    for start in range(0, num_bytes, _BLOCK):
        block = content[start : start + _BLOCK]
        if file.readinto(block) != len(block):
            raise InvalidCloud(f"{what} is truncated")
    file.read(1)  # the end, where the checksum is compared
    return values.reshape(shape, order="F" if by_columns else "C")


def _header(file: zipfile.ZipExtFile) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and dtype, by numpy's own parser, which reads no more than 10,000 bytes of a header."""
    version = tuple(file.read(2))
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"an array of the version {version}")
    try:
        return readers[version](file)
    except Exception as error:  # what Python's own parser and tokenizer raise, too
        raise ValueError(f"no header of an array: {str(error) or type(error).__name__}") from error


def write(file: BinaryIO, cloud: PointCloud, *, drop_unsupported: bool) -> None:
    """See ``pcc.io.write_points``."""
    fields = holdable(cloud, lambda name, values: _problem(name, cloud.fields), drop_unsupported)
    with zipfile.ZipFile(file, "w") as archive:
        for name, values in {"xyz": cloud.xyz, **fields}.items():
            with archive.open(zipfile.ZipInfo(f"{name}{SUFFIX}", EPOCH), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, values, allow_pickle=False)


def _problem(name: str, fields: Mapping[str, np.ndarray]) -> str | None:
    stem = name.removesuffix(SUFFIX)
    if name == "xyz":
        return "the name belongs to the positions"
    if stem != name and (stem == "xyz" or stem in fields):
        return f"numpy would take it for {stem!r}"
    if "\0" in name:
        return "a name in .npz ends at a NUL"
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES or not _is_unicode(name):
        return f"a name in .npz is UTF-8 of at most {MAX_NAME_BYTES:,} bytes"
    return None


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
