"""One cell of an evaluation: one cloud through one codec, in two fresh processes, and what came of it.

    file --read, compress, write--> stream        first process
    stream --read, decompress, write--> file      second process: it has the bytes and the codec's options, no more
    input, decoded --> distortion, rate           this process

So a decoder that needs something of its encoder fails here, and each peak of memory is one direction's own.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pcc.anchors import Anchor, Cost, Setting
from pcc.evaluation.machine import Machine
from pcc.evaluation.pictures import draw_errors
from pcc.evaluation.sources import Source
from pcc.io import read_points, write_points
from pcc.metrics.complexity import Complexity, Measured, measure
from pcc.metrics.distortion import Distortion, distortion, same_fields, same_points
from pcc.metrics.rate import bits_per_point


@dataclass(frozen=True)
class Times:
    """One direction in its process.

    Attributes:
        call_s: wall seconds of the codec alone, from memory to memory: the best of the repeats. With one repeat it is
            the first call of a process, the load of a model included. Of a codec that is a program, that program's
            own, its files included.
        total_s: reading the input, the first call, and writing the output.
        user_s: CPU seconds of a codec that is a program; None for others.
        program_peak_bytes: of such a program.
    """

    call_s: float
    total_s: float
    user_s: float | None = None
    program_peak_bytes: int | None = None


@dataclass(frozen=True)
class Cell:
    """The result of one codec on one cloud at one rate.

    Attributes:
        origin: "measured" here; "recorded": measured before, by others or elsewhere, on the same cloud.
        lossless: "multiset" (positions as often as in the input), "set" (duplicates lost), or "no".
        fields_lossless: every field that was asked for came back bit for bit with its point; None without fields, or
            where points were lost or moved.
        num_points, num_points_out: of the input and of the decoded cloud, duplicates included.
        bpp: of the input points.
        input_sha256, stream_sha256: of the two files.
        picture: PNG file of the decoded cloud, coloured by its errors; empty for none.
        source: where a recorded figure is from.
    """

    cloud: str
    category: str
    sequence: str
    frame_rate_hz: float | None
    codec: str
    setting: Setting
    num_points: int
    num_points_out: int
    num_bytes: int
    bpp: float
    lossless: str
    fields_lossless: bool | None
    distortion: Distortion
    complexity: Complexity
    machine: Machine | None
    input_sha256: str
    stream_sha256: str
    picture: str = ""
    origin: str = "measured"
    source: str = ""


def run_cell(
    source: Source,
    setting: Setting,
    codec: Anchor,
    folder: Path,
    machine: Machine,
    *,
    repeats: int = 1,
    keep: bool = False,
    picture: Path | None = None,
) -> Cell:
    """Encodes and decodes ``source`` with ``codec``.

    Args:
        folder: for the stream and the decoded cloud, which stay there where ``keep`` says so.
        picture: PNG file to draw of what is decoded, if it is not the original.

    Raises:
        PccError: the codec failed, or a file is unreadable.
        ValueError: the input or the decoded cloud is empty or not finite.
    """
    stem = f"{source.name}.{codec.name}.{setting.rate}".replace("/", "_")
    stream, decoded_file = folder / f"{stem}.bin", folder / f"{stem}.npz"
    try:
        encoding = measure(encode_file, codec, source.path, setting, stream, repeats)
        decoding = measure(decode_file, codec, stream, decoded_file, repeats)
        original, decoded, data = read_points(source.path), read_points(decoded_file), stream.read_bytes()
    finally:
        if not keep:
            stream.unlink(missing_ok=True)
            decoded_file.unlink(missing_ok=True)
    errors = distortion(original, decoded, source.peak)
    if picture is not None and not errors.identical:
        draw_errors(original, decoded, f"{codec.name} {setting.rate}, D1 {errors.d1_psnr:.2f} dB", picture)
    multiset = errors.identical and same_points(original, decoded)
    return Cell(
        cloud=source.name, category=source.category, sequence=source.sequence, frame_rate_hz=source.frame_rate_hz,
        codec=codec.name, setting=setting,
        num_points=len(original), num_points_out=len(decoded),
        num_bytes=len(data), bpp=bits_per_point(len(data), len(original)),
        lossless="multiset" if multiset else "set" if errors.identical else "no",
        fields_lossless=same_fields(original, decoded) if multiset and setting.fields != "none" else None,
        distortion=errors,
        complexity=_complexity(codec.cost(original, setting, data), encoding, decoding),
        machine=machine,
        input_sha256=hashlib.sha256(source.path.read_bytes()).hexdigest(),
        stream_sha256=hashlib.sha256(data).hexdigest(),
        picture=str(picture) if picture is not None and not errors.identical else "",
    )  # fmt: skip


def encode_file(codec: Anchor, path: Path, setting: Setting, stream: Path, repeats: int) -> Times:
    """The first process."""
    start = time.perf_counter()
    cloud = read_points(path)
    first, data = _timed(codec, codec.compress, cloud, setting)
    stream.write_bytes(data)
    total = time.perf_counter() - start
    return _best([first, *(_timed(codec, codec.compress, cloud, setting)[0] for _ in range(repeats - 1))], total)


def decode_file(codec: Anchor, stream: Path, decoded: Path, repeats: int) -> Times:
    """The second process."""
    start = time.perf_counter()
    data = stream.read_bytes()
    first, cloud = _timed(codec, codec.decompress, data)
    write_points(decoded, cloud)
    total = time.perf_counter() - start
    return _best([first, *(_timed(codec, codec.decompress, data)[0] for _ in range(repeats - 1))], total)


def _timed(codec: Anchor, function: Callable[..., Any], *args: Any) -> tuple[Times, Any]:
    start = time.perf_counter()
    value = function(*args)
    wall, run = time.perf_counter() - start, codec.last_run
    if run is None:
        return Times(wall, wall), value
    return Times(run.wall_s, wall, run.user_s, run.peak_bytes), value


def _best(calls: list[Times], total_s: float) -> Times:
    return replace(min(calls, key=lambda call: call.call_s), total_s=total_s)


def _complexity(cost: Cost, encoding: Measured, decoding: Measured) -> Complexity:
    return Complexity(
        parameters=cost.parameters,
        kmac_per_point=cost.kmac_per_point,
        encode_s=encoding.value.call_s,
        decode_s=decoding.value.call_s,
        encode_total_s=encoding.value.total_s,
        decode_total_s=decoding.value.total_s,
        encode_user_s=encoding.value.user_s,
        decode_user_s=decoding.value.user_s,
        encode_peak_bytes=encoding.value.program_peak_bytes or encoding.peak_bytes,
        decode_peak_bytes=decoding.value.program_peak_bytes or decoding.peak_bytes,
    )
