"""One cell of an evaluation: one cloud through one codec, in two fresh processes, and what came of it.

    file --read, compress, write--> stream        first process
    stream --read, decompress, write--> file      second process: it has the bytes and the codec's options, no more
    input, decoded --> distortion, rate           this process

So a decoder that needs something of its encoder fails here, and each peak of memory is one direction's own.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from pcc.anchors import Anchor, Cost, Setting
from pcc.evaluation.sources import Source
from pcc.io import read_points, write_points
from pcc.metrics.complexity import Complexity, Measured, measure
from pcc.metrics.distortion import Distortion, distortion, same_points
from pcc.metrics.rate import bits_per_point
from pcc.pointcloud import PointCloud


@dataclass(frozen=True)
class Times:
    """Wall seconds of one direction.

    Attributes:
        call_s: the codec alone, from memory to memory: the best of the repeats. With one repeat it is the first call of
            a process, the load of a model included.
        total_s: reading the input, the first call, and writing the output.
    """

    call_s: float
    total_s: float


@dataclass(frozen=True)
class Cell:
    """The result of one codec on one cloud.

    Attributes:
        lossless: "multiset" (positions as often as in the input), "set" (duplicates lost), or "no".
        num_points, num_points_out: of the input and of the decoded cloud, duplicates included.
        bpp: of the input points.
        input_sha256, stream_sha256: of the two files.
    """

    cloud: str
    codec: str
    setting: Setting
    num_points: int
    num_points_out: int
    num_bytes: int
    bpp: float
    lossless: str
    distortion: Distortion
    complexity: Complexity
    encode_total_s: float
    decode_total_s: float
    input_sha256: str
    stream_sha256: str


def run_cell(source: Source, codec: Anchor, folder: Path, repeats: int = 1) -> Cell:
    """Encodes and decodes ``source`` with ``codec``; the stream and the decoded cloud stay in ``folder``.

    Raises:
        PccError: the codec failed, or a file is unreadable.
        ValueError: the input or the decoded cloud is empty or not finite.
    """
    stem = f"{source.name}.{codec.name}".replace("/", "_")
    stream, decoded = folder / f"{stem}.bin", folder / f"{stem}.npz"
    encoding = measure(encode_file, codec, source, stream, repeats)
    decoding = measure(decode_file, codec, stream, decoded, repeats)
    original, data = read_points(source.path), stream.read_bytes()
    cost = codec.cost(original, source.setting, data)
    return _cell(source, codec, original, read_points(decoded), data, _complexity(cost, encoding, decoding),
                 (encoding.value.total_s, decoding.value.total_s))  # fmt: skip


def encode_file(codec: Anchor, source: Source, stream: Path, repeats: int) -> Times:
    """The first process."""
    start = time.perf_counter()
    cloud = read_points(source.path)
    first, data = _timed(codec.compress, cloud, source.setting)
    stream.write_bytes(data)
    total = time.perf_counter() - start
    return Times(min([first, *(_timed(codec.compress, cloud, source.setting)[0] for _ in range(repeats - 1))]), total)


def decode_file(codec: Anchor, stream: Path, decoded: Path, repeats: int) -> Times:
    """The second process."""
    start = time.perf_counter()
    data = stream.read_bytes()
    first, cloud = _timed(codec.decompress, data)
    write_points(decoded, cloud)
    total = time.perf_counter() - start
    return Times(min([first, *(_timed(codec.decompress, data)[0] for _ in range(repeats - 1))]), total)


def _timed(function, *args):
    start = time.perf_counter()
    value = function(*args)
    return time.perf_counter() - start, value


def _complexity(cost: Cost, encoding: Measured, decoding: Measured) -> Complexity:
    return Complexity(
        parameters=cost.parameters,
        kmac_per_point=cost.kmac_per_point,
        encode_s=encoding.value.call_s,
        decode_s=decoding.value.call_s,
        encode_peak_bytes=encoding.peak_bytes,
        decode_peak_bytes=decoding.peak_bytes,
    )


def _cell(
    source: Source, codec: Anchor, original: PointCloud, decoded: PointCloud, data: bytes, complexity: Complexity,
    totals: tuple[float, float],
) -> Cell:  # fmt: skip
    errors = distortion(original, decoded, source.peak)
    kept = "multiset" if errors.identical and same_points(original, decoded) else "set" if errors.identical else "no"
    return Cell(
        cloud=source.name, codec=codec.name, setting=source.setting,
        num_points=len(original), num_points_out=len(decoded),
        num_bytes=len(data), bpp=bits_per_point(len(data), len(original)),
        lossless=kept, distortion=errors, complexity=complexity,
        encode_total_s=totals[0], decode_total_s=totals[1],
        input_sha256=hashlib.sha256(source.path.read_bytes()).hexdigest(),
        stream_sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip
