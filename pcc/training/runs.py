"""Finished and unfinished runs on disk: their networks, and the models made from them.

    python -m pcc.training.runs runs/dense pcc/weights/dense.safetensors --licence "..."

A run is a folder with checkpoint.pt and record.json, as `train.py` writes it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pcc.models.export import export_model
from pcc.models.occupancy import OccupancyConfig, OccupancyNet
from pcc.training.checkpoint import load_checkpoint


def load_record(run: Path) -> dict[str, Any]:
    """The record of a run; see `pcc.training.record`."""
    return json.loads((run / "record.json").read_text())


def load_network(run: Path) -> OccupancyNet:
    """The network of a run with its averaged weights, fake quantisation as at its last step.

    Raises:
        ModelMismatch: there is no readable checkpoint.
    """
    network = OccupancyNet(OccupancyConfig.of(load_record(run)["config"]["model"]))
    average = load_checkpoint(run / "checkpoint.pt")["average"]
    network.load_state_dict({k.removeprefix("module."): v for k, v in average.items() if k != "n_averaged"})
    return network


def curves_end(run: Path) -> dict[str, float]:
    """The last value of every curve of a run."""
    rows = (line.split(",") for line in (run / "curves.csv").read_text().splitlines()[1:])
    return {series: float(value) for _, series, value in rows}


def export_run(run: Path, out: Path, licence: str | None = None) -> Path:
    """Write a run's model and card; the licence is the record's unless given."""
    record = load_record(run)
    chosen = licence or record["config"].get("licence", "not stated")
    return export_model(load_network(run), out, name=out.stem, record=record, metrics=curves_end(run), licence=chosen)


def _main() -> None:
    import argparse

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path, help="OUT.safetensors; the card goes beside it")
    parser.add_argument("--licence", help="licence of the weights; default: the record's")
    args = parser.parse_args()
    print(export_run(args.run, args.out, args.licence))  # noqa: T201


if __name__ == "__main__":
    _main()
