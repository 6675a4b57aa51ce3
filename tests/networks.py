"""Small random networks whose activations and logits are lively, and their exported programs."""

from __future__ import annotations

from pathlib import Path

import torch

from pcc.inference.program import Program
from pcc.models.export import export_model
from pcc.models.occupancy import OccupancyConfig, OccupancyNet

TINY = OccupancyConfig(channels=16, hidden=16, blocks=(1,), scales=(1,), max_scale=4)


def random_network(config: OccupancyConfig = TINY, seed: int = 0, *, quantised: bool = True) -> OccupancyNet:
    """An untrained network with random biases too, as quantised as the program that it exports to."""
    torch.manual_seed(seed)
    network = OccupancyNet(config)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias") or "biases" in name:
                parameter += torch.randn(parameter.shape) * 0.3
    network.quantiser.enabled.fill_(quantised)
    return network


def exported(network: OccupancyNet, path: Path) -> Program:
    """The network as a program."""
    return Program(export_model(network, path, name=path.stem, record={}, metrics={}, licence="none"))
