"""Train a model and export it as an integer program: `python train.py experiment=smoke`, `--help` for more."""

from __future__ import annotations

import os
from pathlib import Path

import hydra
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf


@hydra.main(config_path="configs", config_name="train", version_base="1.3")
def main(config: DictConfig) -> None:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # PyTorch reads it once: idle, it leaves cores to us

    from pcc.datasets.describe import describe
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
    validation = family.validation(settings["validation"]["clouds"])
    trainer = Trainer(network, family.cost, batches, validation, train_config, out_dir)
    if config.resume:
        trainer.resume()
    as_written = OmegaConf.to_container(config, resolve=False)  # folders stay variables: repeatable on any machine
    record = run_record(as_written, describe(batches), Path(config.init) if config.init else None)
    write_record(out_dir / "record.json", continued(record, out_dir, trainer.step) if config.resume else record)
    trainer.run()
    if config.export:
        print("exported", export_run(out_dir, out_dir / f"{config.name}.safetensors"))


if __name__ == "__main__":
    main()
