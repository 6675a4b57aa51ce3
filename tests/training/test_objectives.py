"""cost(batch) = sum over levels; bits per point; clouds side by side cost what they cost alone."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.datasets.batches import Batch  # noqa: E402
from pcc.geometry.octree import occupancies  # noqa: E402
from pcc.training.objectives import occupancy_cost  # noqa: E402
from tests.networks import random_network  # noqa: E402
from tests.trees import random_codes  # noqa: E402


@torch.no_grad()
def test_parts_sum_up(rng):
    batch = Batch(random_codes(rng, 100, 4), 4, 0, 1)
    cost = occupancy_cost(random_network(), batch)
    assert cost.per_level.shape == (4,)
    assert float(cost.bits) == pytest.approx(cost.per_level.sum(), rel=1e-5)
    assert float(cost.bpp) == pytest.approx(float(cost.bits) / batch.num_points, rel=1e-6)
    assert cost.num_nodes == sum(len(level) for level in occupancies(batch.codes, batch.depth))
    assert float(cost.bits_per_node) == pytest.approx(float(cost.bits) / cost.num_nodes, rel=1e-6)


@torch.no_grad()
def test_clouds_side_by_side_are_strangers(rng):
    """cost({a, b}) = cost(a) + cost(b)."""
    a, b = random_codes(rng, 80, 4), random_codes(rng, 50, 4)
    together = Batch(np.concatenate([a, b | np.uint64(1 << 12)]), 4, 2, 2)
    network = random_network()
    parts = [float(occupancy_cost(network, Batch(codes, 4, 2, 1)).bits) for codes in (a, b)]
    assert float(occupancy_cost(network, together).bits) == pytest.approx(sum(parts), rel=1e-5)
