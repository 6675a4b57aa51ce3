"""pcc.evaluation.stream_cache: a stream is made once, and never taken for another."""

from __future__ import annotations

import numpy as np
import pytest

from pcc.anchors import Setting
from pcc.anchors.bypass import Bypass
from pcc.anchors.draco import Draco
from pcc.errors import AnchorError
from pcc.evaluation.ours import PccCodec
from pcc.evaluation.stream_cache import StreamCache, stream_key
from pcc.pointcloud import PointCloud

CLOUD = PointCloud(np.arange(30, dtype=np.int32).reshape(10, 3), {"intensity": np.arange(10.0)})


def test_a_stream_is_made_once(tmp_path):
    """The file is what comes back the second time, whatever the codec would say now."""
    cache = StreamCache(tmp_path / "streams")
    data = cache.compress(CLOUD, Bypass("raw"), Setting())
    (path,) = (tmp_path / "streams").iterdir()
    assert path.read_bytes() == data == Bypass("raw").compress(CLOUD, Setting())
    path.write_bytes(b"kept")
    assert cache.compress(CLOUD, Bypass("raw"), Setting()) == b"kept"


def test_nothing_is_kept_without_a_folder():
    assert StreamCache(None).compress(CLOUD, Bypass("raw"), Setting()) == Bypass("raw").compress(CLOUD, Setting())


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(AnchorError):
        StreamCache(tmp_path / "streams").compress(CLOUD, Draco(), Setting(fields="all"))
    assert not (tmp_path / "streams").exists()


def test_everything_that_makes_a_stream_is_in_its_key():
    """Another value, dtype, order, field, codec, option or setting: another key; the same again: the same."""
    clouds = [
        CLOUD,
        PointCloud(CLOUD.xyz + 1, CLOUD.fields),
        PointCloud(CLOUD.xyz.astype(np.int64), CLOUD.fields),
        CLOUD.take(np.arange(10)[::-1]),
        CLOUD.with_fields({}),
        CLOUD.with_fields({"label": CLOUD.fields["intensity"]}),
    ]
    settings = [Setting(voxel_size=0.1), Setting(max_error=0.1), Setting(fields="all"), Setting(duplicates="merge")]
    codecs = [Bypass("xz"), Draco(), Draco(7), PccCodec("lidar"), PccCodec("dense")]
    keys = [stream_key(cloud, Bypass("raw"), Setting()) for cloud in clouds]
    keys += [stream_key(CLOUD, Bypass("raw"), setting) for setting in settings]
    keys += [stream_key(CLOUD, codec, Setting()) for codec in codecs]
    assert len(set(keys)) == len(keys)
    copy = PointCloud(CLOUD.xyz.copy(order="F"), {name: values.copy() for name, values in CLOUD.fields.items()})
    assert stream_key(copy, Bypass("raw"), Setting()) == keys[0]
