"""What training estimates of a turn is what a stream spends on it; a few steps lower it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.codec.lattice.cells import code_ranges, code_reflectances  # noqa: E402
from pcc.datasets.turns import TurnBatches, TurnRecipe, cells_of, shade_row_feats, whole_turn  # noqa: E402
from pcc.entropy.coders import BitEstimator, RansEncoder  # noqa: E402
from pcc.geometry.range_image import RangeImage  # noqa: E402
from pcc.sensors.bins import RangeBins  # noqa: E402
from pcc.sensors.scan import row_feats  # noqa: E402
from pcc.training.objectives import cell_bits, lattice_cost  # noqa: E402
from tests.lattices import small_turn  # noqa: E402
from tests.networks import exported_lattice, random_lattice_net  # noqa: E402


class Occupancies(BitEstimator):
    """Counts the occupancies alone."""

    def mixture(self, mixture, bins, numbers):
        return numbers


def coded(program, turn, group, make):
    """What coders of ranges and of reflectances have been told."""
    scan, bins = turn.scan, RangeBins(turn.scan.table.range_units, group)
    numbers = bins.numbers(scan.index)
    image = RangeImage(scan.deviations, row_feats(scan.table, scan.statistics))
    ranges, shades = make(), make()
    code_ranges(program, ranges, image, bins, int(numbers.max()).bit_length(), numbers)
    image.set_row_feats(shade_row_feats(turn))
    code_reflectances(program, shades, image, bins.width, turn.most, turn.reflectance)
    return ranges, shades


@pytest.mark.parametrize("group", [1, 8])
@torch.no_grad()
def test_estimated_bits_are_those_of_the_stream(tmp_path, group):
    """Of occupancies and reflectances within 0.1 %; of ranges at most 1 % more, since mass beyond the bins is lost to
    them only here; of all within 0.5 %."""
    network, turn = random_lattice_net(), small_turn(16, 360)
    program = exported_lattice(network, tmp_path / "m.safetensors")
    kinds = np.array([[float(bits) for bits in cell_bits(network, batch)] for batch in whole_turn(turn, group)]).sum(0)
    ranges, shades = coded(program, turn, group, BitEstimator)
    occupancies, _ = coded(program, turn, group, Occupancies)
    assert kinds[0] == pytest.approx(occupancies.bits, rel=1e-3)
    assert kinds[2] == pytest.approx(shades.bits, rel=1e-3)
    assert -1e-3 <= kinds[1] / (ranges.bits - occupancies.bits) - 1 <= 1e-2
    written = sum(8 * len(coder.finish()) for coder in coded(program, turn, group, lambda: RansEncoder(1)))
    assert kinds.sum() == pytest.approx(written, rel=5e-3)


@torch.no_grad()
def test_parts_sum_up():
    """cost(batches) = sum of cost(batch); bits per point and per cell."""
    network, batches = random_lattice_net(), whole_turn(small_turn())
    cost = lattice_cost(network, batches)
    assert cost.per_level.shape == (3 * len(batches),)
    assert float(cost.bits) == pytest.approx(cost.per_level.sum(), rel=1e-5)
    assert cost.num_nodes == 16 * 90
    assert cost.num_points == sum(batch.num_points for batch in batches)
    assert float(cost.bpp) == pytest.approx(float(cost.bits) / cost.num_points, rel=1e-6)
    alone = sum(float(lattice_cost(network, batch).bits) for batch in batches)
    assert float(cost.bits) == pytest.approx(alone, rel=1e-5)


@torch.no_grad()
def test_no_point_and_no_cell():
    """Empty passes cost nothing; cells without a point cost their occupancy."""
    network, turn = random_lattice_net(), small_turn(1, 90)
    assert float(lattice_cost(network, cells_of(turn, 3)).bits_per_node) == 0  # between rows
    turn.scan.index[...] = 0
    empty = lattice_cost(network, cells_of(turn, 9))
    assert empty.num_points == 1
    assert float(empty.bits) == pytest.approx(float(empty.per_level[0]))
    assert empty.per_level[1:].tolist() == [0, 0]


@pytest.mark.parametrize("quantised", [False, True])
def test_a_few_steps_lower_the_loss(quantised):
    """On a turn of another seed, of whose passes every network saw some, by more than a tenth."""
    torch.manual_seed(0)
    network = random_lattice_net(quantised=quantised)
    recipe = TurnRecipe(cells=500, turns=2, pass_shares=(0, 0, 0, 0, 0, 0, 0, 0, 1, 3))
    batches, rng = TurnBatches([small_turn(16, 180, seed=1)], recipe), np.random.default_rng(0)
    held_out = [cells_of(small_turn(16, 180, seed=2), step) for step in (8, 9)]
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)
    with torch.no_grad():
        before = float(lattice_cost(network, held_out).bpp)
    for _ in range(40):
        optimiser.zero_grad()
        loss = lattice_cost(network, batches.sample(rng)).bits_per_node
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        after = float(lattice_cost(network, held_out).bpp)
    assert after < 0.9 * before
    assert all(p.isfinite().all() for p in network.parameters())
