"""read_json = json.loads for small sound files; everything else is a ValueError or an OSError, in bounded time."""

from __future__ import annotations

import os

import pytest

from pcc.io.json_file import MAX_BYTES, parse_json, read_json


def test_sound_files(tmp_path):
    (tmp_path / "a.json").write_text('{"größe": [1, 2.5, null]}', encoding="utf-8")
    assert read_json(tmp_path / "a.json") == {"größe": [1, 2.5, None]}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"[" * 5000 + b"]" * 5000, b"1" * 5000]
)
def test_unsound_files(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=r".+"):
        read_json(tmp_path / "a.json")


def test_the_largest_file(tmp_path):
    (tmp_path / "a.json").write_bytes(b"[]".ljust(MAX_BYTES))
    assert read_json(tmp_path / "a.json") == []
    (tmp_path / "a.json").write_bytes(b"[]".ljust(MAX_BYTES + 1))
    with pytest.raises(ValueError, match="at most 1,048,576 bytes"):
        read_json(tmp_path / "a.json")


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path, tmp_path / "pipe.json"):
        with pytest.raises(ValueError, match="regular file"):
            read_json(path)
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "absent.json")


def test_depth_alone_is_refused_in_bytes_too():
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(b"[" * 100_000)
