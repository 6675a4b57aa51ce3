"""The float network: shapes, scales, certainty, and that a pass sees nothing that is coded after it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.geometry.coding_order import CodingOrder  # noqa: E402
from pcc.models.occupancy import AllPasses, OccupancyConfig, OccupancyNet  # noqa: E402
from tests.networks import TINY, random_network  # noqa: E402
from tests.trees import SOME_ORDERS, name_of, random_level, random_occupancy  # noqa: E402


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
        ({"colours": 3}, "colours"),
        ({"groups": 0}, "groups"),
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


def level_logits(network, level, occupancy, scale=1):
    view = network.view(level)
    (step,) = network.steps(network.features(None, view, scale), view, occupancy, scale)
    return step


@pytest.mark.parametrize("order", SOME_ORDERS, ids=name_of)
@torch.no_grad()
def test_a_pass_sees_only_what_is_coded_before_it(rng, order):
    """Changing the bits of a pass and of all later ones changes no logit of it; changing earlier ones does."""
    config = OccupancyConfig(
        16, 16, (1,), (1,), 4, colours=order.colours, groups=order.groups, by_colour=order.by_colour
    )  # fmt: skip
    network, level = random_network(config), random_level(rng, 3)
    occupancy, colour = random_occupancy(rng, len(level)), order.colour_of[level.octants]
    before, coded = level_logits(network, level, occupancy).raw, np.zeros(len(level), np.uint8)
    assert before.shape == (len(level), order.groups, 2**order.group_size - 1)
    for group, of in order.passes:
        noise, rows = rng.integers(0, 256, len(level), dtype=np.uint8), colour == of
        after = level_logits(network, level, occupancy ^ noise & ~coded).raw
        torch.testing.assert_close(after[rows, group], before[rows, group], rtol=0, atol=0)
        if coded.any():
            after = level_logits(network, level, occupancy ^ noise & coded).raw
            assert not torch.equal(after[rows, group], before[rows, group])
        coded[rows] |= np.uint8(((1 << order.group_size) - 1) << group * order.group_size)


@torch.no_grad()
def test_the_tree_of_logits_literal():
    """Octant k's logit is that of vertex 2^j - 1 + (bits of its group below j), j = k mod group size."""
    raw = torch.arange(2 * 15.0).view(1, 2, 15)
    occupancy = torch.tensor([0b0010_0101], dtype=torch.uint8)
    step = AllPasses(raw, occupancy, CodingOrder(2, 2))
    # low nibble 5 = 0101: vertices 0, 1 + 1, 3 + 1, 7 + 5; high nibble 2 = 0010: 0, 1 + 0, 3 + 2, 7 + 2, from 15 on
    assert step.logits().tolist() == [[0, 2, 4, 12, 15, 16, 20, 24]]
    assert step.symbols().tolist() == [[True, False, True, False, False, True, False, False]]


@torch.no_grad()
def test_certain_octants_cost_nothing(rng):
    """A node with bit 7 alone has 14 bits of certainty there; symbols are the bits."""
    level = random_level(rng, 1)
    occupancy = np.full(len(level), 128, np.uint8)
    occupancy[0] = 1
    step = level_logits(random_network(), level, occupancy)
    assert (step.logits()[1:, 7] == 14).all()
    assert float(step.logits()[0, 7]) == float(step.raw[0, 7, 0])
    assert step.symbols().numpy().tolist() == np.unpackbits(occupancy[:, None], axis=1, bitorder="little").tolist()


@pytest.mark.parametrize("order", SOME_ORDERS, ids=name_of)
@torch.no_grad()
def test_the_last_octant_is_certain_in_every_order(rng, order):
    """Wherever bits 0..6 are 0, and nowhere else."""
    occupancy = torch.tensor([128, 129, 64, 192, 255], dtype=torch.uint8)
    raw = torch.zeros(5, order.groups, 2**order.group_size - 1)
    certain = AllPasses(raw, occupancy, order).logits() == 14
    assert certain.nonzero().tolist() == [[0, 7]]


def test_context_that_no_node_sees_starts_at_zero():
    """In every order the weights of bits that a group never sees are 0, and those of others are not."""
    for order in SOME_ORDERS:
        config = OccupancyConfig(16, 16, (1,), (1,), 4, order.colours, order.groups, order.by_colour)
        context = OccupancyNet(config).sets[0].head1_context.detach().view(27, 8, order.groups, 16)
        seen = order.colour_masks().any(1)  # not by bit: a neighbour is seen at all
        assert (context.abs().sum((1, 3)).numpy().T > 0).tolist() == seen.tolist()


@pytest.mark.parametrize("order", SOME_ORDERS[:4], ids=name_of)
def test_every_parameter_gets_a_gradient(rng, order):
    """All weights take part: loss.backward() reaches every parameter of a set with a nonzero gradient."""
    from pcc.geometry.octree import occupancies
    from pcc.training.objectives import occupancy_cost

    config = OccupancyConfig(16, 16, (1,), (1,), 4, order.colours, order.groups, order.by_colour)
    network = random_network(config, quantised=False)
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
