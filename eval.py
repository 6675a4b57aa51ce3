"""Evaluates codecs on clouds: ``python eval.py data=eval_public models=[dense] anchor=[gpcc_octree,draco]``.

``models`` are ours, by name or by the path of an exported model (``model=X`` for one); ``anchor`` and ``data`` are
groups of configs/; ``rates=[lossless,ctc]``. Writes report.html, results.json, results.csv and report.png into the
run's folder. Finished cells are kept and not run again, so an interrupted evaluation goes on where it stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from pcc.evaluation.ours import PccCodec
from pcc.evaluation.report.write import write_report
from pcc.evaluation.runner import evaluate
from pcc.evaluation.store import CellStore
from pcc.evaluation.tables import COST, RATE, failures_table, screen, table


@hydra.main(config_path="configs", config_name="eval", version_base="1.3")
def main(config: DictConfig) -> None:
    folder = Path(HydraConfig.get().runtime.output_dir)
    console = screen()
    clouds = hydra.utils.instantiate(config.data, fields=config.fields, _convert_="all")
    codecs = [PccCodec(model) for model in config.models] + list(hydra.utils.instantiate(config.anchor).values())
    result = evaluate(
        clouds,
        codecs,
        folder / "clouds",
        rates=OmegaConf.to_container(config.rates, resolve=True),
        store=CellStore(Path(config.store)) if config.store else None,
        workers=config.workers,
        repeats=config.repeats,
        keep=config.keep,
        published=config.published,
        pictures=config.pictures,
        console=console,
    )
    console.print(table(result, "Rate and distortion", RATE), table(result, "Time, memory, size", COST))
    for failures, title in ((result.not_run, "Not run"), (result.failures, "Failed")):
        if failures:
            console.print(failures_table(failures, title))
    configuration = OmegaConf.to_container(config, resolve=False)  # folders of this machine are nobody's business
    page = write_report(
        result,
        folder,
        title=config.name,
        anchor=config.bd_anchor,
        configuration=configuration,
        originals={cloud.name: cloud.path for cloud in clouds},
        tasks=[Path(record) for record in config.tasks],
    )
    reused = f" ({result.num_reused} cells had been finished)" if result.num_reused else ""
    console.print(f"report: {page}{reused}", soft_wrap=True)
    if result.failures:
        raise SystemExit(1)


def one_model(arguments: list[str]) -> list[str]:
    """``model=X`` as ``models=[X]``: the group configs/model is train.py's, and a path is no member of a group."""
    return [f"models=[{a.removeprefix('model=')}]" if a.startswith("model=") else a for a in arguments]


if __name__ == "__main__":
    sys.argv[1:] = one_model(sys.argv[1:])
    main()
