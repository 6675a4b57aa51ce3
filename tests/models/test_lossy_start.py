"""A lossy network starts as a whole one: its whole levels code alike, and its lossy ones as whole levels would."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.codec.octree import encode_octree  # noqa: E402
from pcc.models.lossy_start import start_lossy  # noqa: E402
from pcc.models.occupancy import OccupancyConfig, OccupancyNet  # noqa: E402
from tests.networks import exported, random_network  # noqa: E402
from tests.trees import random_codes  # noqa: E402

WHOLE = OccupancyConfig(16, 16, (1, 1), (1, 2), max_scale=5, colours=8, groups=4)
LOSSY = replace(WHOLE, blocks=(1, 1, 2, 1, 1, 2), scales=(1, 2, 6, 14, 22, 30), max_scale=37, lossy_scale=6)


def started():
    whole, lossy = random_network(WHOLE, seed=4), OccupancyNet(LOSSY)
    lossy.quantiser.enabled.fill_(True)
    start_lossy(lossy, whole.state_dict())
    return whole, lossy


def test_whole_levels_code_alike(tmp_path, rng):
    codes = random_codes(rng, 500, 5)
    streams = [
        encode_octree(codes, 5, exported(network, tmp_path / f"{i}.safetensors"), 0)
        for i, network in enumerate(started())
    ]
    assert streams[0] == streams[1]


def test_lossy_levels_begin_as_the_whole_level_of_their_scale():
    whole, lossy = started()
    for index, source in ((2, 0), (3, 1), (4, 1), (5, 0)):
        a, b = lossy.sets[index], whole.sets[source]
        for name in ("expand_weight", "absorb_weight"):
            torch.testing.assert_close(getattr(a, name), getattr(b, name))
        torch.testing.assert_close(a.head.weight2, b.head.weight2)
        torch.testing.assert_close(a.conv_weights[0], b.conv_weights[0])
        np.testing.assert_array_equal(a.head.bias1[-1].detach(), b.head.bias1[min(len(b.head.bias1), 8) - 1].detach())
    assert lossy.sets[2].conv_weights[3].abs().max() < 0.01


def test_what_does_not_fit():
    whole = random_network(WHOLE)
    with pytest.raises(ValueError, match="lossy levels"):
        start_lossy(random_network(WHOLE), whole.state_dict())
    with pytest.raises(ValueError, match="expected"):
        start_lossy(OccupancyNet(replace(LOSSY, hidden=32)), whole.state_dict())
    with pytest.raises(ValueError, match="four sets"):
        start_lossy(OccupancyNet(replace(LOSSY, blocks=(1, 1, 1, 1, 1), scales=(1, 2, 6, 14, 22))), whole.state_dict())
