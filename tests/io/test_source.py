"""Whatever is given, a reader sees a seekable file of known size that starts at its start."""

from __future__ import annotations

import io
import os
import threading

import pytest

from pcc.errors import LimitExceeded
from pcc.io.limits import ReaderLimits
from pcc.io.source import open_source

LIMITS = ReaderLimits()


def test_a_file_is_taken_as_it_is(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    with open_source(tmp_path / "a", LIMITS) as source:
        assert (source.name, source.num_bytes, source.file.read()) == (str(tmp_path / "a"), 7, b"content")
        assert os.fstat(source.file.fileno()).st_ino == (tmp_path / "a").stat().st_ino


@pytest.mark.parametrize("content", [b"", b"content" * 300_000])
def test_memory_and_pipes_are_copied(tmp_path, content):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[content])
    writer.start()
    with open_source(pipe, LIMITS) as source:
        assert (source.name, source.num_bytes, source.file.read()) == (str(pipe), len(content), content)
    writer.join()
    with open_source(io.BytesIO(content), LIMITS) as source:
        assert source.num_bytes == len(content)
        source.file.seek(0)
        assert source.file.read() == content


def test_an_open_file_is_read_from_where_it_stands():
    file = io.BytesIO(b"head content")
    file.seek(5)
    with open_source(file, LIMITS) as source:
        assert source.file.read() == b"content"


def test_an_endless_pipe_ends_at_the_limit():
    limits, message = ReaderLimits(max_bytes=10), "11 decoded bytes, the limit is 10"
    with pytest.raises(LimitExceeded, match=message), open_source(io.BytesIO(bytes(11)), limits):
        pass
