"""Trains a model and exports it as an integer program: ``python train.py experiment=smoke``, ``--help`` for more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pcc.commands.script import plainly

if TYPE_CHECKING:
    from omegaconf import DictConfig


def main() -> None:
    """The command."""
    import hydra

    store_defaults()
    hydra.main(config_path="configs", config_name="train", version_base="1.3")(train)()


def store_defaults() -> None:
    """Gives Hydra the groups whose settings have their defaults in the package."""
    from hydra.core.config_store import ConfigStore

    from pcc.training.defaults import GROUPS, defaults

    for (group, name), record in GROUPS.items():
        ConfigStore.instance().store(name=name, group=group, node=defaults(record))


def train(config: DictConfig) -> None:
    """A run, as it is configured; mistakes end it with one line."""
    with plainly("train.py", "train"):
        _train(config)


def _train(config: DictConfig) -> None:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # PyTorch reads it once: idle, it leaves cores to us
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    from pcc.training.families import family_of
    from pcc.training.record import continued, run_record, write_record
    from pcc.training.runs import export_run, first_network
    from pcc.training.trainer import Trainer

    out_dir = Path(config.out_dir)
    if not config.resume:
        Trainer.start_anew(out_dir, config.overwrite)
    import torch

    train_config = instantiate(config.optim)
    torch.manual_seed(train_config.seed)
    settings = OmegaConf.to_container(config, resolve=True)
    family = family_of(settings["model"])
    shape = family.shape(settings["model"])
    network = first_network(Path(config.init), family, shape) if config.init else family.network(shape)
    batches = instantiate(config.data)
    family.check_data(batches)
    validation = family.validation(settings["validation"]["clouds"])
    trainer = Trainer(network, family.cost, batches, validation, train_config, out_dir)
    if config.resume:
        trainer.resume()
    as_written = OmegaConf.to_container(config, resolve=False)  # folders stay variables: repeatable on any machine
    record = run_record(as_written, batches.describe(), Path(config.init) if config.init else None)
    write_record(out_dir / "record.json", continued(record, out_dir, trainer.step) if config.resume else record)
    trainer.run()
    if config.export:
        print("exported", export_run(out_dir, out_dir / f"{config.name}.safetensors"))


if __name__ == "__main__":
    with plainly("train.py", "train"):
        main()
