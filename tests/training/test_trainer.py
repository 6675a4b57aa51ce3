"""The loop: it learns, it quantises when told, and an interrupted run ends in the same bits as an uninterrupted one."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="extra 'train' is not installed")

from pcc.datasets.batches import Batch  # noqa: E402
from pcc.errors import ModelMismatch, RunExists, TrainingDiverged  # noqa: E402
from pcc.models.occupancy import OccupancyConfig, OccupancyNet  # noqa: E402
from pcc.training.checkpoint import load_checkpoint  # noqa: E402
from pcc.training.config import TrainConfig  # noqa: E402
from pcc.training.objectives import occupancy_cost  # noqa: E402
from pcc.training.trainer import Trainer  # noqa: E402
from tests.networks import TINY  # noqa: E402
from tests.trees import random_codes  # noqa: E402


class Interrupted(Exception):
    pass


class Clouds:
    """Batches of random clouds; stops the run at the draw number ``stop``."""

    def __init__(self, stop=None):
        self.left = stop

    def sample(self, rng):
        if self.left == 0:
            raise Interrupted
        self.left = None if self.left is None else self.left - 1
        return Batch(random_codes(rng, 60, 3), 3, 0, 1)


@pytest.fixture(autouse=True)
def restore_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


CONFIG = TrainConfig(
    steps=6, warmup_steps=1, quantise_from=0.5, ema_decay=0.5,
    validate_every=3, checkpoint_every=2, log_every=1, threads=1,
)  # fmt: skip


def trainer(folder, batches=None, config=CONFIG, network=TINY, seed=0):
    torch.manual_seed(seed)
    validation = {"fixed": Batch(random_codes(np.random.default_rng(5), 80, 3), 3, 0, 1)}
    return Trainer(OccupancyNet(network), occupancy_cost, batches or Clouds(), validation, config, folder)


def flat(state):
    """Name -> value of all leaves of a nested state."""
    if isinstance(state, dict):
        return {f"{k}.{name}": v for k, part in state.items() for name, v in flat(part).items()}
    if isinstance(state, list | tuple):
        return flat(dict(enumerate(state)))
    return {"": state}


def assert_same(a, b):
    a, b = flat(a), flat(b)
    assert a.keys() == b.keys()
    for name, value in a.items():
        same = torch.equal(value, b[name]) if isinstance(value, torch.Tensor) else value == b[name]
        assert same, name


@pytest.mark.parametrize("stop", [2, 3, 5])
def test_resumed_equals_uninterrupted(tmp_path, stop):
    """Weights, averages, optimiser, generator and loss are the same bits, before and after fake quantisation starts."""
    trainer(tmp_path / "whole").run()
    with pytest.raises(Interrupted):
        trainer(tmp_path / "parts", Clouds(stop)).run()
    second = trainer(tmp_path / "parts", seed=99)
    second.resume()
    assert second.step == stop // 2 * 2
    second.run()
    states = [load_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("whole", "parts")]
    assert states[0]["step"] == 6
    assert_same(*states)
    curves = [(tmp_path / name / "curves.csv").read_text() for name in ("whole", "parts")]
    assert curves[0] == curves[1]


def test_resuming_a_finished_run_changes_nothing(tmp_path):
    first = trainer(tmp_path)
    first.run()
    again = trainer(tmp_path, seed=3)
    again.resume()
    again.run()
    assert_same(first.average.state_dict(), again.average.state_dict())


def test_it_learns(tmp_path):
    """Forty steps on one cloud bring its cost down by a fifth; the averaged weights are what is given back."""
    batch = Batch(random_codes(np.random.default_rng(5), 80, 3), 3, 0, 1)

    class One:
        def sample(self, rng):
            return batch

    config = TrainConfig(steps=40, warmup_steps=5, ema_decay=0.5, log_every=100, threads=1)
    run = trainer(tmp_path, One(), config)
    before = run.validate()["fixed"]
    trained = run.run()
    after = run.validate()["fixed"]
    assert after < 0.8 * before
    assert bool(trained.quantiser.enabled)
    with torch.no_grad():
        assert float(occupancy_cost(trained, batch).bpp) == pytest.approx(after)


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    """The checkpoint keeps the weights from before."""
    run = trainer(tmp_path)
    run.save()
    with torch.no_grad():
        next(run.network.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingDiverged, match="step 0"):
        run.run()
    state = load_checkpoint(tmp_path / "checkpoint.pt")
    assert all(torch.isfinite(value).all() for value in state["network"].values())


def test_average_follows_the_weights(tmp_path):
    """After one step average = weights; with decay 1/2, a_2 = (w_1 + w_2) / 2."""
    run = trainer(tmp_path)
    weights = []
    for _ in range(2):
        run._train_step()
        weights.append([p.detach().clone() for p in run.network.parameters()])
    for a, w1, w2 in zip(run.average.module.parameters(), *weights, strict=True):
        torch.testing.assert_close(a, (w1 + w2) / 2, rtol=1e-4, atol=1e-6)


def test_what_lies_in_the_folder(tmp_path):
    """curves.csv has a row for each logged step and for each validation; the last step is always among them."""
    trainer(tmp_path).run()
    rows = [line.split(",") for line in (tmp_path / "curves.csv").read_text().splitlines()]
    assert rows[0] == ["step", "series", "value"]
    assert [int(r[0]) for r in rows if r[1] == "train_bits_per_node"] == [1, 2, 3, 4, 5, 6]
    assert [int(r[0]) for r in rows if r[1] == "fixed_bpp"] == [3, 6]
    assert all(float(r[2]) > 0 for r in rows[1:])
    assert list(tmp_path.glob("events.*"))


def test_checkpoints_of_other_networks_are_refused(tmp_path):
    trainer(tmp_path).run()
    other = trainer(tmp_path, network=OccupancyConfig(32, 16, (1,), (1,), 4))
    with pytest.raises(ModelMismatch, match="another network"):
        other.resume()
    with pytest.raises(ModelMismatch, match="no such checkpoint"):
        trainer(tmp_path / "empty").resume()


def test_a_new_run_makes_way_only_when_asked_to(tmp_path):
    Trainer.start_anew(tmp_path, False)
    (tmp_path / "notes.txt").write_text("mine")
    Trainer.start_anew(tmp_path, False)
    trainer(tmp_path).run()
    with pytest.raises(RunExists, match="resume=true"):
        Trainer.start_anew(tmp_path, False)
    Trainer.start_anew(tmp_path, True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
