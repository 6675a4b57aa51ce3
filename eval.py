"""Evaluates codecs on clouds: ``python eval.py data=eval_public model=dense``.

``model`` is a name (auto, dense, lidar) or the path of an exported model; ``codec``, ``anchor`` and ``data`` are groups
of configs/ (``anchor=[draco,lzma]``, ``anchor=[]``). Writes results.json and results.csv into the run's folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from pcc.evaluation.runner import evaluate
from pcc.evaluation.tables import COST, RATE, failures_table, screen, table, write_csv, write_json


@hydra.main(config_path="configs", config_name="eval", version_base="1.3")
def main(config: DictConfig) -> None:
    folder = Path(HydraConfig.get().runtime.output_dir)
    console = screen()
    clouds = hydra.utils.instantiate(config.data, fields=config.fields, _convert_="all")
    codecs = hydra.utils.instantiate([config.codec, *config.anchor.values()])
    result = evaluate(clouds, list(codecs), folder / "clouds", repeats=config.repeats, console=console)
    write_json(result, folder / "results.json", OmegaConf.to_container(config, resolve=True))
    write_csv(result, folder / "results.csv")
    console.print(table(result, "Rate and distortion", RATE), table(result, "Time, memory, size", COST))
    if result.failures:
        console.print(failures_table(result))
    console.print(f"results: {folder}")
    if result.failures:
        raise SystemExit(1)


def model_is_the_codec_s(arguments: list[str]) -> list[str]:
    """``model=X`` as ``codec.model=X``: the group configs/model is train.py's, and a path is no member of a group."""
    return [f"codec.{argument}" if argument.startswith("model=") else argument for argument in arguments]


if __name__ == "__main__":
    sys.argv[1:] = model_is_the_codec_s(sys.argv[1:])
    main()
