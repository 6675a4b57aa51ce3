"""Finished and unfinished runs on disk: their networks, and the models made from them.

    python -m pcc.training.runs runs/dense src/pcc/weights/dense.safetensors --licence "..."

A run is a folder with checkpoint.pt and record.json, as `train.py` writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pcc.errors import ModelMismatch, PccError
from pcc.models.export import export_model
from pcc.training.checkpoint import load_checkpoint
from pcc.training.families import Family, family_of
from pcc.training.record import load_record


def load_network(run: Path, shape: Any = None) -> Any:
    """The network of a run with its averaged weights, fake quantisation as at its last step.

    Args:
        shape: that it must have; None takes any.

    Raises:
        ModelMismatch: there is no readable checkpoint, or the network has another shape.
    """
    model = load_record(run)["config"]["model"]
    family = family_of(model)
    config = family.shape(model)
    if shape is not None and config != shape:
        raise ModelMismatch(f"{run}: expected a network of the shape {shape}, got {config}")
    network = family.network(config)
    network.load_state_dict(_average(run))
    return network


def first_network(run: Path, family: Family, shape: Any) -> Any:
    """A network that begins with the averaged weights of a run, be it of its own kind or of one that it starts from.

    Raises:
        ModelMismatch: there is no readable checkpoint, or the weights do not fit.
    """
    if family.start is None or family_of(load_record(run)["config"]["model"]) is family:
        return load_network(run, shape)
    network = family.network(shape)
    try:
        family.start(network, _average(run))
    except ValueError as error:
        raise ModelMismatch(f"{run}: {error}") from error
    return network


def _average(run: Path) -> dict[str, Any]:
    average = load_checkpoint(run / "checkpoint.pt")["average"]
    return {k.removeprefix("module."): v for k, v in average.items() if k != "n_averaged"}


def curves_end(run: Path) -> dict[str, float]:
    """The last value of every curve of a run."""
    rows = (line.split(",") for line in (run / "curves.csv").read_text().splitlines()[1:])
    return {series: float(value) for _, series, value in rows}


def export_run(run: Path, out: Path, licence: str | None = None, attribution: list[str] | None = None) -> Path:
    """Write a run's model and card; licence and texts are those of the record and the runs before it unless given."""
    record = load_record(run)
    return export_model(
        load_network(run),
        out,
        name=out.stem,
        record=record,
        metrics=curves_end(run),
        licence=licence or licence_of(record),
        attribution=_texts(attribution or attribution_files(record)),
    )


def licence_of(record: dict[str, Any]) -> str:
    """The licence that a record states, and before it those of the runs that it started from."""
    return "; ".join(dict.fromkeys(config.get("licence", "not stated") for config in _configs(record)))


def attribution_files(record: dict[str, Any]) -> list[str]:
    """The files, relative to the project, whose texts go with the weights by their licences."""
    stated = [config.get("attribution") or [] for config in _configs(record)]
    return list(dict.fromkeys(file for files in stated for file in ([files] if isinstance(files, str) else files)))


def _texts(files: list[str]) -> str:
    return "\n".join(Path(file).read_text(encoding="utf-8") for file in files)


def _configs(record: dict[str, Any]) -> list[dict[str, Any]]:
    earlier = _configs(record["init"]) if "init" in record else []
    return [*earlier, record["config"]]


def _main() -> None:
    import argparse

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path, help="OUT.safetensors; the card goes beside it")
    parser.add_argument("--licence", help="licence of the weights; default: the record's")
    parser.add_argument("--attribution", nargs="+", metavar="FILE", help="texts for the card; default: the record's")
    args = parser.parse_args()
    try:
        print(export_run(args.run, args.out, args.licence, args.attribution))  # noqa: T201
    except (PccError, OSError) as error:
        parser.exit(2, f"runs: {error}\n")


if __name__ == "__main__":
    _main()
