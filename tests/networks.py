"""Small random networks whose activations and logits are lively, and their exported programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from pcc.geometry.coding_order import CodingOrder
from pcc.inference.format_1 import FORMAT_1
from pcc.inference.lattice_program import LatticeProgram
from pcc.inference.program import Program
from pcc.models.export import export_model
from pcc.models.head import Head
from pcc.models.lattice import LatticeConfig, LatticeNet
from pcc.models.occupancy import OccupancyConfig, OccupancyNet, WholeLevel
from tests.trees import is_lone

TINY = OccupancyConfig(channels=16, hidden=16, blocks=(1,), scales=(1,), max_scale=4)
TINY_LOSSY = OccupancyConfig(
    16, 16, (1, 1, 1, 1, 1), (1, 4, 12, 20, 28), max_scale=35, colours=8, groups=4, lossy_scale=4
)
TINY_LATTICE = LatticeConfig("tiny", hidden=16, layers=2, kernels=2, reflectance_hidden=16)


def random_network(config: OccupancyConfig = TINY, seed: int = 0, *, quantised: bool = True) -> OccupancyNet:
    """An untrained network with random biases too, as quantised as the program that it exports to."""
    torch.manual_seed(seed)
    network = OccupancyNet(config)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "bias" in name:
                parameter += torch.randn(parameter.shape) * 0.3
    network.quantiser.enabled.fill_(quantised)
    return network


def random_lattice_net(config: LatticeConfig = TINY_LATTICE, seed: int = 0, *, quantised: bool = True) -> LatticeNet:
    """The same for spinning LiDAR."""
    torch.manual_seed(seed)
    network = LatticeNet(config)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter += torch.randn(parameter.shape) * (0.3 if "bias" in name else 0.02)
    network.quantiser.enabled.fill_(quantised)
    return network


def exported_lattice(network: LatticeNet, path: Path) -> LatticeProgram:
    """The network as a program."""
    return LatticeProgram(export_model(network, path, name=path.stem, record={}, metrics={}, licence="none"))


def exported(network: OccupancyNet, path: Path) -> Program:
    """The network as a program."""
    return Program(export_model(network, path, name=path.stem, record={}, metrics={}, licence="none"))


def config_of(
    order: CodingOrder, blocks: tuple[int, ...] = (1,), scales: tuple[int, ...] = (1,), lone_hidden: int = 0
) -> OccupancyConfig:
    """A small network that codes in that order."""
    return OccupancyConfig(
        16, 16, blocks, scales, 6, order.colours, order.groups, order.by_colour, lone_hidden=lone_hidden
    )  # fmt: skip


def parts(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors and metadata of a program file."""
    with safe_open(str(path), "numpy") as file:
        return {k: file.get_tensor(k) for k in file.keys()}, dict(file.metadata())  # noqa: SIM118


def in_format_1(program: Program, path: Path) -> Path:
    """The same weights as a file of the first format, which has no name for any other order than this one."""
    tensors, metadata = parts(program.path)
    config = json.loads(metadata["config"])
    assert [config.pop(key) for key in ("colours", "groups", "by_colour", "lone_hidden")] == [2, 8, False, 0]
    for head in {name.rsplit(".", 1)[0] for name in tensors if "head" in name}:
        shift1, shift2, shift3 = tensors[f"{head}.scalars"]
        (bias3,), (multiplier3,) = tensors.pop(f"{head}.bias3"), tensors.pop(f"{head}.multiplier3")
        tensors[f"{head}.scalars"] = np.array([shift1, shift2, bias3, multiplier3, shift3], np.int32)
        tensors[f"{head}.weight3"] = tensors[f"{head}.weight3"][:, 0].copy()
    config["checkerboard"] = True
    save_file(tensors, str(path), metadata | {"format": FORMAT_1, "config": json.dumps(config)})
    return path


def decision_logits(step: WholeLevel) -> np.ndarray:
    """(N, 8) float64 bits: the logit that decides each octant of known occupancies, certain ones 14."""
    table, layers = _decision_logits(step.layers.head, step), step.layers
    if layers.lone_head is not None:
        lone = is_lone(step.level.neighbours.numpy())
        table[lone] = _decision_logits(layers.lone_head, step)[lone]
    return table


def _decision_logits(head: Head, step: WholeLevel) -> np.ndarray:
    """As if the head were that of all nodes."""
    nodes = step.level.neighbours, step.occupancy, step.level.octants
    raw = head.logits(step.feats, nodes, step.row).detach().numpy().astype(np.float64)
    known, size = step.occupancy.numpy().astype(np.int64), head.order.group_size
    table = np.empty((len(known), 8))
    for octant in range(8):
        group, j = divmod(octant, size)
        lower = (known >> group * size) % (1 << j)
        table[:, octant] = raw[np.arange(len(known)), group, (1 << j) - 1 + lower]
    table[known == 128, 7] = 14
    return table
