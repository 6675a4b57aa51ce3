"""A setting has one default: that of its dataclass. Files of configs/ say what differs from it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hydra", reason="extra 'train' is not installed")

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from pcc.datasets.dense_batches import DenseRecipe
from pcc.training.config import TrainConfig
from pcc.training.defaults import GROUPS, defaults
from tests.configs import CONFIGS, composed

EXPERIMENTS = sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml"))
RECORDS = {defaults(record)["_target_"]: record for record in GROUPS.values()}
PARTS = ("optim", "recipe", "surface")


def parts(node: Any) -> Iterator[dict[str, Any]]:
    """All mappings that fill a record of the package, wherever they lie."""
    if isinstance(node, dict):
        if node.get("_target_") in RECORDS:
            yield node
        for value in node.values():
            yield from parts(value)


def stated(path: Path) -> Iterator[tuple[str, Any]]:
    """(name, value) of each setting of such a record that a file states."""

    def walk(node: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in PARTS and isinstance(value, dict):
                    yield from value.items()
                else:
                    yield from walk(value)

    yield from walk(OmegaConf.to_container(OmegaConf.load(path), resolve=False))


STATED = [(path, name, value) for path in sorted(CONFIGS.rglob("*.yaml")) for name, value in stated(path)]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_what_no_file_states_is_the_default(experiment):
    """setting = the dataclass's default, or what a file states for a setting of that name; none is lost."""
    config = OmegaConf.to_container(composed(f"experiment={experiment}", name="train"), resolve=False)
    found = list(parts(config))
    assert len(found) >= 2
    for part in found:
        expected = defaults(RECORDS[part["_target_"]])
        assert set(part) == set(expected)
        for name, value in part.items():
            others = [said for _, key, said in STATED if key == name]
            assert value == expected[name] or value in others, name


def test_defaults_are_literal():
    config = composed("experiment=dense_lossless", name="train")
    assert (config.optim.warmup_steps, config.optim.ema_decay, config.optim.gradient_clip) == (100, 0.999, 2.5)
    assert (config.optim.steps, config.optim.learning_rate) == (25_000, 3e-3)
    assert (config.data.recipe.voxels_per_batch, config.data.surface.thin_share) == (20_000, 0.5)
    assert instantiate(config.optim) == TrainConfig(steps=25_000, learning_rate=3e-3, quantise_from=0.0)
    assert instantiate(config.data.recipe) == DenseRecipe(sparse_offset=14)


def test_no_file_repeats_a_default():
    """Two places for one value drift apart."""
    for path, name, value in STATED:
        records = [record for record in GROUPS.values() if name in defaults(record)]
        assert records, f"{path}: no record has {name}"
        if len(records) == 1:
            assert value != defaults(records[0])[name], f"{path}: {name} is the default"


def test_every_setting_can_be_changed_by_its_name():
    config: DictConfig = composed(
        "experiment=smoke", "data.recipe.max_jitter=1.5", "optim.betas=[0.5,0.6]", name="train"
    )
    assert instantiate(config.data.recipe).max_jitter == 1.5
    assert instantiate(config.optim).betas == (0.5, 0.6)
