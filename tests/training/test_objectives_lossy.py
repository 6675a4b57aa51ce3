"""Training decides what the integer program decides, and costs what that would spend on the rest."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.codec.inferred import Inferred  # noqa: E402
from pcc.codec.octree import encode_lossy  # noqa: E402
from pcc.codec.walk import walk  # noqa: E402
from pcc.datasets.batches import Batch  # noqa: E402
from pcc.datasets.lossy_batches import LossyBatch  # noqa: E402
from pcc.geometry.octree import leaf_codes, occupancies  # noqa: E402
from pcc.nn.rate import BitSum  # noqa: E402
from pcc.training.families import FAMILIES, family_of  # noqa: E402
from pcc.training.objectives import _Estimated, lossy_cost, occupancy_cost  # noqa: E402
from tests.networks import TINY_LOSSY, exported, random_network  # noqa: E402
from tests.trees import random_codes  # noqa: E402


@torch.no_grad()
@pytest.mark.parametrize("shares", [(0,), (40,), (30, 0), (255, 0, 0)])
def test_decides_as_the_program(tmp_path, rng, shares):
    """The clouds that come out of training and of the codec differ by rounding at ties alone."""
    codes, network = random_codes(rng, 600, 5), random_network(TINY_LOSSY)
    program = exported(network, tmp_path / "m.safetensors")
    leans = (0,) * len(shares)
    front = walk(
        network, BitSum(), 5, known=occupancies(codes, 5)[: 5 - len(shares)], inferred=_Estimated(shares, leans, codes)
    )
    coded = encode_lossy(codes, 5, program, Inferred(shares, leans, codes)).codes
    trained = leaf_codes(front.level, front.occupancy)
    assert len(np.setxor1d(coded, trained)) < 0.02 * len(codes)


@torch.no_grad()
def test_all_coded_costs_as_whole_levels(rng):
    """With a share above all logits of this network, and the weights of the whole level in their place."""
    codes, network = random_codes(rng, 300, 4), random_network(TINY_LOSSY)
    for target, source in zip(network.sets[1].parameters(), network.sets[0].parameters(), strict=True):
        rows = source[:1].expand_as(target) if source.shape != target.shape else source
        target.copy_(rows)
    for scale in (0, 1, 2):
        network.sets[0].expand_bias[scale] = network.sets[0].expand_bias[0]
        network.sets[0].head.bias1[scale] = network.sets[0].head.bias1[0]
    batch = Batch(codes, 4, 0, 1)
    assert lossy_cost(network, LossyBatch(batch, (255,))).per_level[-1] == pytest.approx(
        occupancy_cost(network, batch).per_level[-1], rel=1e-4
    )


def test_only_lossy_levels_train(rng):
    """Whole levels cost nothing and keep their weights; nodes that the cloud has not got cost nothing either."""
    codes, network = random_codes(rng, 300, 4), FAMILIES["lossy"].network(TINY_LOSSY)
    network.quantiser.enabled.fill_(True)
    cost = lossy_cost(network, LossyBatch(Batch(codes, 4, 0, 1), (20, 0)))
    assert len(cost.per_level) == 2
    assert cost.num_nodes == sum(map(len, occupancies(codes, 4)[2:]))
    cost.bits.backward()
    trained = [any(p.grad is not None and p.grad.any() for p in layers.parameters()) for layers in network.sets]
    assert trained == [False, False, True, False, True]


def test_a_network_without_lossy_levels_has_none_to_train():
    with pytest.raises(ValueError, match="not all is coded"):
        random_network().train_only_lossy()
    assert family_of({"kind": "lossy"}).start is not None
