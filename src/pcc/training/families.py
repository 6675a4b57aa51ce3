"""The kinds of networks that a run can train: what each is made of, what a batch costs it, what it is validated on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from pcc.datasets.dense_batches import DenseBatches
from pcc.datasets.lidar_batches import LidarBatches
from pcc.datasets.lossy_batches import LossyBatches, validation_points
from pcc.datasets.turns import TurnBatches, validation_turns
from pcc.datasets.validation import validation_batches
from pcc.models.lattice import LatticeConfig, LatticeNet
from pcc.models.lossy_start import start_lossy
from pcc.models.occupancy import OccupancyConfig, OccupancyNet
from pcc.training.objectives import Cost, lattice_cost, lossy_cost, occupancy_cost


@dataclass(frozen=True)
class Family:
    """A kind of networks.

    Attributes:
        shape: of a configuration's group ``model``.
        network: of a shape.
        cost: bits of a batch.
        data: the kinds of batches that it trains on.
        validation: batches.
        start: fills a network from the state of one of another kind, which a run may begin with; None: of its own only.
    """

    shape: Callable[[Mapping[str, Any]], Any]
    network: Callable[[Any], nn.Module]
    cost: Callable[[Any, Any], Cost]
    data: tuple[type, ...]
    validation: Callable[[Mapping[str, Mapping[str, Any]]], dict[str, Any]]
    start: Callable[[Any, Mapping[str, Any]], None] | None = None

    def check_data(self, batches: Any) -> None:
        """Refuses batches that such a network cannot train on.

        Raises:
            ValueError: they are of another kind.
        """
        if not isinstance(batches, self.data):
            kinds = " or ".join(kind.__name__ for kind in self.data)
            raise ValueError(f"data: this kind of model trains on {kinds}, got {type(batches).__name__}")


def lossy_network(config: OccupancyConfig) -> OccupancyNet:
    """One that trains its lossy levels only."""
    network = OccupancyNet(config)
    network.train_only_lossy()
    return network


FAMILIES = {
    "occupancy": Family(
        OccupancyConfig.of, OccupancyNet, occupancy_cost, (DenseBatches, LidarBatches), validation_batches
    ),
    "lossy": Family(OccupancyConfig.of, lossy_network, lossy_cost, (LossyBatches,), validation_points, start_lossy),
    "lattice": Family(LatticeConfig.of, LatticeNet, lattice_cost, (TurnBatches,), validation_turns),
}


def family_of(model: Mapping[str, Any]) -> Family:
    """That of a configuration's group ``model``: its ``kind``, or ``occupancy``.

    Raises:
        ValueError: there is no such kind.
    """
    kind = model.get("kind", "occupancy")
    if kind not in FAMILIES:
        raise ValueError(f"model.kind: expected {' or '.join(FAMILIES)}, got {kind!r}")
    return FAMILIES[kind]
