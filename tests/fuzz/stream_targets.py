"""Targets for streams: decoding with and without checksums and digests in the way, info, appending, converting."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np

import pcc
from pcc.cli import main
from pcc.codec import decoder
from pcc.codec.container import DIGEST, HEADER, chunk_bytes, frame_spans
from pcc.codec.digest import decoded_digest
from pcc.codec.header import PREAMBLE_BYTES
from pcc.codec.info import describe
from pcc.codec.limits import Limits
from pcc.entropy.coders import RansDecoder
from pcc.errors import CorruptStream, PccError
from tests import golden
from tests.clouds import assert_equal
from tests.fuzz import seeds
from tests.fuzz.structures import STREAM
from tests.fuzz.target import Target

# A decoder that refuses more sees more inputs in a second. What the usual limits let through is `budget`'s matter.
SMALL = Limits(max_points=20_000, max_fields=16, max_field_bytes=1 << 22, max_frames=8)
ONE = np.array([[1, 2, 3]], np.int16)


class _EqualToAll(bytes):
    """Stands for the digest of whatever was decoded, so that hostile values are never the reason to stop."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = bytes.__hash__


@contextlib.contextmanager
def any_digest() -> Iterator[None]:
    """Digests are computed and match; a rest in an entropy stream is no error."""
    with (
        patch.object(decoder, "decoded_digest", lambda *a, **k: _EqualToAll(decoded_digest(*a, **k))),
        patch.object(RansDecoder, "finish", lambda self: None),
    ):
        yield


@contextlib.contextmanager
def golden_models() -> Iterator[None]:
    """The models of tests/golden are installed."""
    with patch.dict(os.environ, {"PCC_MODEL_PATH": str(golden.FOLDER), "PCC_SENSOR_CACHE": ""}):
        yield


def decode(data: bytes) -> None:
    """Every frame of a stream whose checksums are right."""
    with golden_models():
        for _ in pcc.decode_frames(_repaired(data), limits=SMALL):
            pass


def decode_values(data: bytes) -> None:
    """The same where digests match too: everything that an attacker may make a decoder do."""
    with any_digest():
        decode(data)


def budget(data: bytes) -> None:
    """A whole stream as it is, with the limits that everybody has, within the time and memory of the target."""
    with golden_models(), any_digest():
        for _ in pcc.decode_frames(data):
            pass


def info(data: bytes) -> None:
    """What a stream says of itself, as it is and with its checksums right; nothing of it controls a terminal."""
    with contextlib.suppress(PccError):
        describe(data, SMALL)
    describe(_repaired(data), SMALL)
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input.pcc"
        path.write_bytes(_repaired(data))
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), contextlib.suppress(SystemExit):
            main(["info", str(path)])
    assert all(c.isprintable() or c == "\n" for c in printed.getvalue()), "raw control characters"


def container(data: bytes) -> None:
    """The seek table and a walk find the same frames; an appended frame comes after all others, which stay."""
    repaired = _repaired(data)
    spans = frame_spans(repaired, SMALL)
    assert spans == _walk(repaired), "the seek table hides or shows other frames"
    longer = pcc.append(repaired, pcc.PointCloud(ONE))
    after = frame_spans(longer)
    frames = [repaired[begin:end] for begin, end in spans]
    assert [longer[begin:end] for begin, end in after[:-1]] == frames, "appending changes the frames before"
    assert len(after) == len(spans) + 1, "the appended frame is not there"


def _walk(data: bytes) -> list[tuple[int, int]]:
    """The spans from each H to the next D of a sound stream, whatever else is there."""
    spans, start, position = [], None, PREAMBLE_BYTES
    for part in STREAM.split(data):
        end = position + chunk_bytes(len(part) - 1)
        if part[:1] == HEADER:
            start = position
        elif part[:1] == DIGEST and start is not None:
            spans.append((start, end))
            start = None
        position = end
    return spans


def convert(data: bytes) -> None:
    """decode -> file -> read = decode, for the formats that hold everything; a name that does not fit is an error."""
    with golden_models(), any_digest():
        frames = list(pcc.decode_frames(_repaired(data), limits=SMALL))
    with tempfile.TemporaryDirectory() as folder:
        for cloud in frames:
            for suffix in (".npz", ".ply"):
                with contextlib.suppress(PccError):
                    pcc.write_points(path := Path(folder) / f"cloud{suffix}", cloud)
                    assert_equal(_sorted(pcc.read_points(path)), _sorted(cloud))


def _sorted(cloud: pcc.PointCloud) -> pcc.PointCloud:
    """Fields by name: files may keep another order."""
    return cloud.with_fields({name: cloud.fields[name] for name in sorted(cloud.fields)})


def _repaired(data: bytes) -> bytes:
    if data[:8] != b"\x89PCC\r\n\x1a\n":
        raise CorruptStream("not a pcc stream")
    return STREAM.join(STREAM.split(data))


STREAM_TARGETS = {
    "decode": Target(decode, seeds.streams, STREAM),
    "decode_values": Target(decode_values, seeds.streams, STREAM),
    "budget": Target(budget, seeds.streams, STREAM, seconds=2.0),
    "info": Target(info, seeds.streams, STREAM),
    "container": Target(container, seeds.streams, STREAM),
    "convert": Target(convert, seeds.streams, STREAM),
}
