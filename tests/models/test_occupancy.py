"""The float network: shapes, scales, certainty, and that a pass sees nothing that is coded after it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.models.occupancy import OccupancyConfig, OccupancyNet  # noqa: E402
from tests.networks import TINY, config_of, random_network  # noqa: E402
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


def level_step(network, level, occupancy, scale=1):
    view = network.view(level)
    (step,) = network.steps(network.features(None, view, scale), view, occupancy, scale)
    return step


def level_logits(network, level, occupancy):
    step = level_step(network, level, occupancy)
    return step.layers.logits(step.feats, step.level, step.occupancy, step.row)


@pytest.mark.parametrize("order", SOME_ORDERS, ids=name_of)
@torch.no_grad()
def test_a_pass_sees_only_what_is_coded_before_it(rng, order):
    """Changing the bits of a pass and of all later ones changes no logit of it; changing earlier ones does."""
    config = OccupancyConfig(
        16, 16, (1,), (1,), 4, colours=order.colours, groups=order.groups, by_colour=order.by_colour
    )  # fmt: skip
    network, level = random_network(config), random_level(rng, 3)
    occupancy, colour = random_occupancy(rng, len(level)), order.colour_of[level.octants]
    before, coded = level_logits(network, level, occupancy), np.zeros(len(level), np.uint8)
    assert before.shape == (len(level), order.groups, 2**order.group_size - 1)
    for group, of in order.passes:
        noise, rows = rng.integers(0, 256, len(level), dtype=np.uint8), colour == of
        after = level_logits(network, level, occupancy ^ noise & ~coded)
        torch.testing.assert_close(after[rows, group], before[rows, group], rtol=0, atol=0)
        if coded.any():
            after = level_logits(network, level, occupancy ^ noise & coded)
            assert not torch.equal(after[rows, group], before[rows, group])
        coded[rows] |= np.uint8(((1 << order.group_size) - 1) << group * order.group_size)


@pytest.mark.parametrize("quantised", [False, True])
@pytest.mark.parametrize("order", SOME_ORDERS, ids=name_of)
def test_bits_are_those_of_the_logits(isa, rng, order, quantised):
    """bits = sum of log2(1 + 2^(-+l)) over the decisions, and so are the gradients of every weight of the head."""
    network, level = random_network(config_of(order), quantised=quantised), random_level(rng, 3)
    occupancy = random_occupancy(rng, len(level))
    occupancy[:5] = 128  # certain in their last octant
    step = level_step(network, level, occupancy)
    known, feats = step.occupancy, step.feats.detach().requires_grad_()
    head = [p for name, p in network.sets[0].named_parameters() if "head" in name]
    one = step.layers.bits(feats, step.level, known, step.row)
    got = torch.autograd.grad(3 * one, [feats, *head])
    raw = step.layers.logits(feats, step.level, known, step.row)
    size, decisions = order.group_size, []
    for octant in range(8):
        group, j = divmod(octant, size)
        lower = (known.long() >> group * size) % (1 << j)
        logits = raw[torch.arange(len(known)), group, (1 << j) - 1 + lower]
        logits = logits.masked_fill((known == 128) & (octant == 7), 14.0)
        decisions.append(torch.where((known >> octant & 1).bool(), -logits, logits))
    other = torch.nn.functional.softplus(torch.stack(decisions) * np.log(2)).sum() / np.log(2)
    assert float(one.detach()) == pytest.approx(float(other.detach()), rel=1e-4)
    for a, b in zip(got, torch.autograd.grad(3 * other, [feats, *head]), strict=True):
        assert (a - b).norm() <= 0.02 * b.norm()


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
