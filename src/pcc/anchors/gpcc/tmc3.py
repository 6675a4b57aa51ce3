"""MPEG's reference software of G-PCC, tmc3, as a program on this machine.

It is not shipped: the user names a build of their own (``program=`` in the configuration, or PCC_TMC3). What the
program expects of its files was found by measurement (v14 to v23):

- Positions are truncated, so they have to be whole numbers; they are read as ``float`` properties only.
- Reflectance is read as ``refc`` or ``reflectance`` of type ``uint8`` or ``uint16``; ``ushort`` is not known.
- The decoded file holds float64 positions, colours in the order green, blue, red, and reflectance as ``refc``.
- Sizes are logged once a slice, and by coded points; the rate of a file is computed from its bytes.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pcc.anchors.program import ProgramRun, run_program
from pcc.errors import AnchorError, InvalidCloud
from pcc.io import read_points
from pcc.pointcloud import PointCloud

VARIABLE = "PCC_TMC3"
_FIELD_TYPES = {"u1": "uint8", "u2": "uint16"}
_FIELD_NAMES = ("red", "green", "blue", "refc", "reflectance")
_SIZE = re.compile(r"^(positions|colors|reflectances) bitstream size (\d+) B", re.MULTILINE)
_TOTAL = re.compile(r"^Total bitstream size (\d+) B", re.MULTILINE)
_USER = re.compile(r"^Processing time \(user\): ([\d.]+) s", re.MULTILINE)
_VERSION = re.compile(r"tmc3 version (\S+)")


@dataclass(frozen=True)
class Log:
    """What the program says of one run.

    Attributes:
        version: of the program, as it names itself.
        part_bytes: bytes of positions, colors, reflectances, all slices together.
        total_bytes: of the file.
        user_s: CPU seconds, files and attributes' conversion left out.
    """

    version: str | None
    part_bytes: dict[str, int]
    total_bytes: int
    user_s: float


def parse_log(text: str) -> Log:
    """The log of an encoder or a decoder.

    Raises:
        AnchorError: it lacks the total size or the time.
    """
    total, user, version = _TOTAL.search(text), _USER.search(text), _VERSION.search(text)
    if total is None or user is None:
        raise AnchorError("tmc3: its log has no total size or no time; is this tmc3?")
    parts: dict[str, int] = {}
    for name, size in _SIZE.findall(text):
        parts[name] = parts.get(name, 0) + int(size)
    return Log(version.group(1) if version else None, parts, int(total.group(1)), float(user.group(1)))


class Tmc3:
    """One build of the program.

    Args:
        program: its path; None takes PCC_TMC3, then ``tmc3`` of PATH.
        timeout_s: for each run.

    Raises:
        AnchorError: there is no such program.
    """

    def __init__(self, program: str | Path | None = None, timeout_s: float | None = None) -> None:
        named = program or os.environ.get(VARIABLE)
        found = shutil.which(named or "tmc3")
        if found is None:
            where = f"{named!r} is no program" if named else f"no tmc3 in PATH, and {VARIABLE} is not set"
            raise AnchorError(f"tmc3: {where}; build MPEG's mpeg-pcc-tmc13 and name the program")
        self.program = Path(found)
        self.timeout_s = timeout_s

    def encode(self, cloud: PointCloud, options: Sequence[str]) -> tuple[bytes, ProgramRun]:
        """The stream of ``cloud``: whole numbers as positions; red, green, blue of uint8; ``refc`` of uint8, uint16."""
        with tempfile.TemporaryDirectory(prefix="pcc-tmc3-") as folder:
            source, stream = Path(folder, "cloud.ply"), Path(folder, "cloud.bin")
            write_ply(source, cloud)
            run = self._run(
                "--mode=0", f"--uncompressedDataPath={source}", f"--compressedStreamPath={stream}", *options
            )
            return _output(stream).read_bytes(), run

    def decode(self, data: bytes) -> tuple[PointCloud, ProgramRun]:
        """The cloud of a stream: float64 positions, fields as written.

        Raises:
            AnchorError: the program failed, as it does on most damaged streams. It has no checksum to see the others:
                of a stream that was cut, the slices before the cut may come back without a word.
        """
        with tempfile.TemporaryDirectory(prefix="pcc-tmc3-") as folder:
            stream, decoded = Path(folder, "cloud.bin"), Path(folder, "cloud.ply")
            stream.write_bytes(data)
            run = self._run(
                "--mode=1",
                f"--compressedStreamPath={stream}",
                f"--reconstructedDataPath={decoded}",
                "--outputBinaryPly=1",
                "--convertPlyColourspace=1",
            )
            try:
                return read_points(_output(decoded)), run
            except InvalidCloud as error:
                raise AnchorError(f"tmc3: its decoded file is damaged ({error})") from error

    def _run(self, *options: str) -> ProgramRun:
        return run_program([self.program, *options], self.timeout_s)


def write_ply(path: Path, cloud: PointCloud) -> None:
    """A binary PLY as tmc3 reads it.

    Raises:
        AnchorError: a position is no whole number that float32 holds, or a field is none of tmc3's.
    """
    positions = cloud.xyz.astype(np.float32)
    whole = np.isfinite(positions) & (positions == np.rint(positions)) & (positions == cloud.xyz)
    if not whole.all():
        raise AnchorError("tmc3: a position is no whole number that float32 holds (all below 2^24)")
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(cloud)}"]
    header += [f"property float {axis}" for axis in "xyz"]
    for name, values in cloud.fields.items():
        kind = _FIELD_TYPES.get(values.dtype.str[1:])
        if name not in _FIELD_NAMES or kind is None or values.ndim != 1:
            raise AnchorError(f"tmc3: field {name!r}, {values.dtype} {values.shape}, is no colour and no reflectance")
        header.append(f"property {kind} {name}")
    columns = {axis: positions[:, i] for i, axis in enumerate("xyz")} | dict(cloud.fields)
    rows = np.empty(len(cloud), [(name, values.dtype.newbyteorder("<")) for name, values in columns.items()])
    for name, values in columns.items():
        rows[name] = values
    path.write_bytes("\n".join([*header, "end_header\n"]).encode() + rows.tobytes())


def _output(path: Path) -> Path:
    if not path.exists():
        raise AnchorError(f"tmc3: it wrote no {path.name}")
    return path
