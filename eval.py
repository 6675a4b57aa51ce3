"""Evaluates codecs on clouds and writes a report: ``python eval.py models=[auto] anchor=[draco]``, ``--help`` for more.

``models`` are ours, by name or by the path of an exported model (``model=X`` for one); ``anchor`` and ``data`` are
groups of configs/; ``rates=[lossless,curves]``. Writes report.html, results.json, results.csv and report.png into the
run's folder. Finished cells are kept and not run again, so an interrupted evaluation goes on where it stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pcc.commands.script import plainly

if TYPE_CHECKING:
    from omegaconf import DictConfig


def main() -> None:
    """The command."""
    import hydra

    hydra.main(config_path="configs", config_name="eval", version_base="1.3")(evaluation)()


def evaluation(config: DictConfig) -> None:
    """An evaluation, as it is configured; mistakes end it with one line."""
    with plainly("eval.py", "eval"):
        _evaluation(config)


def _evaluation(config: DictConfig) -> None:
    from hydra.core.hydra_config import HydraConfig
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    from pcc.evaluation.ours import PccCodec
    from pcc.evaluation.report.write import write_report
    from pcc.evaluation.runner import evaluate
    from pcc.evaluation.store import CellStore
    from pcc.evaluation.tables import COST, RATE, failures_table, screen, table

    folder, console = Path(HydraConfig.get().runtime.output_dir), screen()
    settings: Any = OmegaConf.to_container(config, resolve=True)
    codecs = [PccCodec(str(model)) for model in listed(settings["models"])]
    codecs += list(instantiate(config.anchor).values())
    tasks = [Path(record) for record in listed(settings["tasks"])]
    if absent := [str(record) for record in tasks if not record.is_file()]:
        raise FileNotFoundError(f"tasks: no such file: {', '.join(absent)}")
    clouds = instantiate(config.data, fields=config.fields, _convert_="all")
    result = evaluate(
        clouds,
        codecs,
        folder / "clouds",
        rates=listed(settings["rates"]),
        store=CellStore(Path(config.store)) if config.store else None,
        workers=config.workers,
        repeats=config.repeats,
        keep=config.keep,
        published=config.published,
        pictures=listed(settings["pictures"]),
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
        tasks=tasks,
    )
    reused = f" ({result.num_reused} cells had been finished)" if result.num_reused else ""
    console.print(f"report: {page}{reused}", soft_wrap=True)
    if result.failures:
        raise SystemExit(1)


def listed(values: Any) -> list[Any]:
    """A list; of a single value one of that: ``rates=lossless`` is ``rates=[lossless]``; of null an empty one."""
    return values if isinstance(values, list) else [] if values is None else [values]


def one_model(arguments: list[str]) -> list[str]:
    """``model=X`` as ``models=[X]``: the group configs/model is train.py's, and a path is no member of a group."""
    return [f"models=[{a.removeprefix('model=')}]" if a.startswith("model=") else a for a in arguments]


if __name__ == "__main__":
    sys.argv[1:] = one_model(sys.argv[1:])
    with plainly("eval.py", "eval"):
        main()
