"""The float network: shapes, scales, certainty, and that a stage sees nothing that is coded after it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.models.occupancy import OccupancyConfig, OccupancyNet, TrainingLevel  # noqa: E402
from tests.networks import TINY, random_network  # noqa: E402
from tests.trees import random_level, random_occupancy  # noqa: E402


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"channels": 24}, "multiples of 16"),
        ({"hidden": 8}, "multiples of 16"),
        ({"scales": (2, 3)}, "scales"),
        ({"scales": (1, 1)}, "scales"),
        ({"scales": (1, 3, 2)}, "scales"),
        ({"blocks": (1,)}, "scales"),
        ({"max_scale": 1}, "max_scale"),
        ({"hidden": 80}, "hidden"),
    ],
)
def test_wrong_shapes_are_refused(change, words):
    good = {"channels": 16, "hidden": 16, "blocks": (1, 2), "scales": (1, 2), "max_scale": 5}
    OccupancyConfig(**good)
    with pytest.raises(ValueError, match=words):
        OccupancyConfig(**(good | change))


def test_sets_and_rows_of_scales():
    """Scales 1 2 | 3 4 5 | 6 7 with max_scale 7; all coarser ones share the last row."""
    config = OccupancyConfig(blocks=(1, 1, 1), scales=(1, 3, 6), max_scale=7)
    rows = [config.set_of(scale) for scale in range(1, 10)]
    assert rows == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 1), (2, 1)]
    assert [config.num_rows(i) for i in range(3)] == [2, 3, 2]


def test_parity_is_that_of_the_octants_bits():
    octants = torch.arange(8, dtype=torch.uint8)
    level = TrainingLevel(torch.zeros(8, dtype=torch.int64), octants, torch.zeros((8, 27), dtype=torch.int32))
    assert level.parity.tolist() == [0, 1, 1, 0, 1, 0, 0, 1]


def level_logits(network, level, occupancy, scale=1):
    view = network.view(level)
    (step,) = network.steps(network.features(None, view, scale), view, occupancy, scale)
    return step


@pytest.mark.parametrize("checkerboard", [False, True])
@torch.no_grad()
def test_a_stage_sees_only_what_is_coded_before_it(rng, checkerboard):
    """Changing bits >= k of all nodes changes no logit of stage k, except odd nodes' in checkerboard order."""
    network = random_network(OccupancyConfig(16, 16, (1,), (1,), 4, checkerboard))
    level = random_level(rng, 3)
    occupancy = random_occupancy(rng, len(level))
    parity = network.view(level).parity.numpy()
    before = level_logits(network, level, occupancy).raw
    for stage in range(8):
        flipped = occupancy ^ rng.integers(0, 256, len(level), dtype=np.uint8) & np.uint8(0x100 - (1 << stage))
        after = level_logits(network, level, flipped).raw
        even = parity == 0
        torch.testing.assert_close(after[even, : stage + 1], before[even, : stage + 1], rtol=0, atol=0)
        same = torch.equal(after[~even, stage], before[~even, stage])
        assert same != checkerboard


@torch.no_grad()
def test_certain_octants_cost_nothing(rng):
    """A node with bit 7 alone has 14 bits of certainty in stage 7; symbols are the bits."""
    level = random_level(rng, 1)
    occupancy = np.full(len(level), 128, np.uint8)
    occupancy[0] = 1
    step = level_logits(random_network(), level, occupancy)
    assert (step.logits()[1:, 7] == 14).all()
    assert float(step.logits()[0, 7]) == float(step.raw[0, 7])
    assert step.symbols().numpy().tolist() == np.unpackbits(occupancy[:, None], axis=1, bitorder="little").tolist()


def test_every_parameter_gets_a_gradient(rng):
    """All weights take part: loss.backward() reaches every parameter of a set with a nonzero gradient."""
    from pcc.geometry.octree import occupancies
    from pcc.training.objectives import occupancy_cost

    network = random_network(quantised=False)
    batch = _batch(rng)
    assert len(occupancies(batch.codes, batch.depth)) == 3
    occupancy_cost(network, batch).bits.backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert float(parameter.grad.abs().sum()) > 0, name


def _batch(rng):
    from pcc.datasets.batches import Batch
    from tests.trees import random_codes

    return Batch(random_codes(rng, 200, 3), 3, 0, 1)


def test_quantiser_is_one_switch_for_all_sets():
    """A deep copy has a switch of its own, shared by its own sets."""
    import copy

    network = OccupancyNet(TINY)
    twin = copy.deepcopy(network)
    twin.quantiser.enabled.fill_(True)
    assert all(bool(s.quantiser[0].enabled) for s in twin.sets)
    assert not any(bool(s.quantiser[0].enabled) for s in network.sets)
