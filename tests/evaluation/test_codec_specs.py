"""pcc.evaluation.codec_specs: codecs and settings from words, and back."""

from __future__ import annotations

import pytest

from pcc.anchors import Setting
from pcc.evaluation.codec_specs import describe_setting, parse_codec, parse_setting


@pytest.mark.parametrize(
    ("text", "name", "setting"),
    [
        ("draco:voxel_size=0.02", "draco", Setting(voxel_size=0.02)),
        ("pcc-lidar", "pcc-lidar", Setting()),
        ("pcc-auto:max_error=5e-2,fields=all", "pcc-auto", Setting(max_error=0.05, fields="all")),
        ("raw:duplicates=merge", "raw", Setting(duplicates="merge")),
        ("xz:", "xz", Setting()),
        ("zstd", "zstd", Setting()),
    ],
)
def test_words(text, name, setting):
    codec, found = parse_codec(text)
    assert (codec.name, found) == (name, setting)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "codec: expected"),
        ("pcc-", "codec: expected"),
        ("zst", "got 'zst'"),
        ("draco:voxel=1", "got 'voxel=1'"),
        ("draco:voxel_size", "positive number"),
        ("draco:voxel_size=0", "positive number"),
        ("draco:voxel_size=nan", "positive number"),
        ("draco:max_error=inf", "positive number"),
        ("draco:fields=some", "got 'fields=some'"),
        ("draco:voxel_size=1,max_error=1", "got both"),
        ("draco:voxel_size=1,voxel_size=2", "expected voxel_size once"),
        ("draco:fields=all,fields=none", "expected fields once"),
    ],
)
def test_bad_words(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_codec(text)


def test_settings_in_words():
    """parse(describe(setting)) = setting, but for the word for no loss."""
    assert describe_setting(Setting()) == "lossless"
    described = describe_setting(Setting(max_error=0.25, fields="all", duplicates="merge"))
    assert described == "max_error=0.25, fields=all, duplicates=merge"
    assert parse_setting(described.replace(" ", "")) == Setting(max_error=0.25, fields="all", duplicates="merge")
