"""Train a model and export it as an integer program: `python train.py experiment=smoke`, `--help` for more."""

from __future__ import annotations

from pathlib import Path

import hydra
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf


@hydra.main(config_path="configs", config_name="train", version_base="1.3")
def main(config: DictConfig) -> None:
    from pcc.datasets.describe import describe
    from pcc.datasets.validation import validation_batches
    from pcc.models.occupancy import OccupancyNet
    from pcc.training.objectives import occupancy_cost
    from pcc.training.record import run_record, write_record
    from pcc.training.trainer import Trainer

    out_dir = Path(config.out_dir)
    train_config = instantiate(config.optim)
    torch.manual_seed(train_config.seed)
    network = OccupancyNet(instantiate({k: v for k, v in config.model.items() if k != "name"}))
    batches = instantiate(config.data)
    validation = validation_batches(OmegaConf.to_container(config.validation.clouds, resolve=True))
    trainer = Trainer(network, occupancy_cost, batches, validation, train_config, out_dir)
    if config.resume:
        trainer.resume()
    record = run_record(OmegaConf.to_container(config, resolve=True), describe(batches))
    write_record(out_dir / "record.json", record)
    trained = trainer.run()
    if config.export:
        from pcc.models.export import export_model

        path = export_model(trained, out_dir / f"{config.name}.safetensors", name=config.name, record=record,
                            metrics=trainer.validate() if validation else {})
        print(f"exported {path}")


if __name__ == "__main__":
    main()
