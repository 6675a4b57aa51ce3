"""The float network: shapes, scales, certainty, and that a pass sees nothing that is coded after it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.models.occupancy import OccupancyConfig, OccupancyNet  # noqa: E402
from tests.networks import TINY, config_of, random_network  # noqa: E402
from tests.trees import (  # noqa: E402
    SOME_ORDERS,
    is_lone,
    mixed_level,
    name_of,
    random_level,
    random_occupancy,
)


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
        ({"lone_hidden": 8}, "lone_hidden"),
        ({"lone_hidden": -16}, "lone_hidden"),
        ({"lone_hidden": 80}, "lone_hidden"),
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


def nodes_of(step):
    return step.level.neighbours, step.occupancy, step.level.octants


def level_logits(network, level, occupancy):
    step = level_step(network, level, occupancy)
    return step.layers.head.logits(step.feats, nodes_of(step), step.row)


@pytest.mark.parametrize("order", SOME_ORDERS, ids=name_of)
@torch.no_grad()
def test_a_pass_sees_only_what_is_coded_before_it(rng, order):
    """Changing the bits of a pass and of all later ones changes no logit of it; changing earlier ones does."""
    network, level = random_network(config_of(order)), random_level(rng, 3)
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
    check_bits(network.sets[0].head, step, torch.arange(len(level)))


@pytest.mark.parametrize("quantised", [False, True])
def test_bits_of_lone_nodes_are_those_of_the_logits(rng, quantised):
    """The same for the head of lone nodes, which sees their own bits only."""
    config = config_of(SOME_ORDERS[1], lone_hidden=32)
    network, level = random_network(config, quantised=quantised), mixed_level(rng)
    rows = torch.from_numpy(np.flatnonzero(is_lone(level.neighbours)))
    step = level_step(network, level, random_occupancy(rng, len(level)))
    check_bits(network.sets[0].lone_head, step, rows)


def check_bits(head, step, rows):
    """Value and gradients of the bits of some rows, by torch alone.

    Where weights are integers a sum may be 0, and its float one side of it or the other: one node more has a gradient.
    """
    known, feats = step.occupancy[rows], step.feats.detach().requires_grad_()
    arrays = [feats, *head.parameters()]
    one = head.bits(feats, nodes_of(step), step.row, rows.int())
    got = torch.autograd.grad(3 * one, arrays)
    raw = head.logits(feats, nodes_of(step), step.row)[rows]
    size, decisions = head.order.group_size, []
    for octant in range(8):
        group, j = divmod(octant, size)
        lower = (known.long() >> group * size) % (1 << j)
        logits = raw[torch.arange(len(known)), group, (1 << j) - 1 + lower]
        logits = logits.masked_fill((known == 128) & (octant == 7), 14.0)
        decisions.append(torch.where((known >> octant & 1).bool(), -logits, logits))
    other = torch.nn.functional.softplus(torch.stack(decisions) * np.log(2)).sum() / np.log(2)
    assert float(one.detach()) == pytest.approx(float(other.detach()), rel=1e-4)
    for a, b in zip(got, torch.autograd.grad(3 * other, arrays), strict=True):
        assert (a - b).norm() <= (0.1 if head.quantiser[0].enabled else 0.01) * b.norm()


@torch.no_grad()
def test_bits_of_a_partition_sum_up(rng):
    """bits(all) = bits(None) = sum of bits(rows) over a partition, and of no rows 0."""
    network, level = random_network(config_of(SOME_ORDERS[2])), random_level(rng, 3)
    step = level_step(network, level, random_occupancy(rng, len(level)))
    head, order = step.layers.head, torch.from_numpy(rng.permutation(len(level)).astype(np.int32))

    def bits(rows):
        return float(head.bits(step.feats, nodes_of(step), step.row, rows))

    assert bits(order) == pytest.approx(bits(None), rel=1e-5)
    assert sum(bits(rows) for rows in order.split([1, 2, 30, len(order) - 33])) == pytest.approx(bits(None), rel=1e-5)
    assert bits(order[:0]) == 0


@torch.no_grad()
def test_a_level_of_lone_nodes_and_others(rng):
    """bits(level) = bits of its lone nodes under one head + bits of the others under the other."""
    network, level = random_network(config_of(SOME_ORDERS[1], lone_hidden=16)), mixed_level(rng)
    step, lone = level_step(network, level, random_occupancy(rng, len(level))), is_lone(level.neighbours)
    parts = [
        float(head.bits(step.feats, nodes_of(step), step.row, torch.from_numpy(np.flatnonzero(rows).astype(np.int32))))
        for head, rows in ((step.layers.lone_head, lone), (step.layers.head, ~lone))
    ]
    assert min(parts) > 100
    whole = step.layers.bits(step.feats, step.level, step.occupancy, step.row)
    assert float(whole) == pytest.approx(sum(parts), rel=1e-6)


@torch.no_grad()
def test_a_lone_node_sees_only_its_own_bits(rng):
    """Logits of a node in the lone head depend on its bits 0..3, those of group 1, and on no other bit of the level."""
    network, level = random_network(config_of(SOME_ORDERS[1], lone_hidden=16)), random_level(rng, 3)
    step = level_step(network, level, np.zeros(len(level), np.uint8))

    def logits(occupancy):
        nodes = step.level.neighbours, torch.from_numpy(occupancy), step.level.octants
        return step.layers.lone_head.logits(step.feats, nodes, step.row)

    occupancy = random_occupancy(rng, len(level))
    before = logits(occupancy)
    assert torch.equal(logits(occupancy & 15 | rng.integers(0, 16, len(level), dtype=np.uint8) << 4), before)
    others = rng.integers(0, 256, len(level), dtype=np.uint8)
    for n in range(0, len(level), 7):
        others[n] = occupancy[n]
        assert torch.equal(logits(others)[n], before[n])
    after = logits(occupancy ^ 1)
    assert torch.equal(after[:, 0], before[:, 0])
    assert not torch.equal(after[:, 1], before[:, 1])


def test_context_that_no_node_sees_starts_at_zero():
    """In every order the weights of bits that a group never sees are 0, and those of others are not."""
    for order in SOME_ORDERS:
        layers = OccupancyNet(config_of(order, lone_hidden=16)).sets[0]
        context = layers.head.context.detach().view(27, 8, order.groups, 16)
        seen = order.colour_masks().any(1)  # not by bit: a neighbour is seen at all
        assert (context.abs().sum((1, 3)).numpy().T > 0).tolist() == seen.tolist()
        lone = layers.lone_head.context.detach().view(8, 2, 16).abs().sum(2).numpy()
        assert (lone.T > 0).tolist() == [[False] * 8, [True] * 4 + [False] * 4]


@pytest.mark.parametrize("lone_hidden", [0, 16])
@pytest.mark.parametrize("order", SOME_ORDERS[:4], ids=name_of)
def test_every_parameter_gets_a_gradient(rng, order, lone_hidden):
    """All weights take part: loss.backward() reaches every parameter of a set with a nonzero gradient."""
    from pcc.geometry.octree import occupancies
    from pcc.training.objectives import occupancy_cost

    network = random_network(config_of(order, lone_hidden=lone_hidden), quantised=False)
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
