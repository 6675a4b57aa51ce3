"""Where a network of lossy levels starts: from one that codes all levels whole.

Weights of whole levels stay what they are; those of lossy levels begin as those of the whole level of the same scale,
and blocks that this one lacks as none: their second convolution is near 0, so that they add nothing at first.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from pcc.models.occupancy import OccupancyNet

_SMALL = 1e-3


def start_lossy(network: OccupancyNet, whole: Mapping[str, Tensor]) -> None:
    """Fill a network with the weights of another.

    Args:
        network: with ``lossy_scale``, four sets from there on, and before them the sets of ``whole`` or the first ones.
        whole: state of an `OccupancyNet` of the same channels, hidden units and order.

    Raises:
        ValueError: they do not fit.
    """
    config, own = network.config, network.state_dict()
    if config.lossy_scale is None:
        raise ValueError("lossy_scale: expected a network of lossy levels")
    first = config.scales.index(config.lossy_scale)
    if len(config.scales) != first + 4:
        raise ValueError(f"scales: expected four sets from {config.lossy_scale} on, got {config.scales}")
    sources = [*range(first), *(min(i, first - 1) for i in (0, 1, 2, 0))]
    with torch.no_grad():
        for name, values in own.items():
            part, _, rest = name.partition(".")
            if part != "sets":
                continue
            index, _, rest = rest.partition(".")
            source = whole.get(f"sets.{sources[int(index)]}.{rest}")
            if source is not None:
                values.copy_(_rows_of(source, values, rest))
            elif rest.startswith("conv_weights") and int(rest.rpartition(".")[2]) % 2:
                values.normal_(0, _SMALL)
    network.load_state_dict(own)


def _rows_of(source: Tensor, values: Tensor, name: str) -> Tensor:
    """Biases of more scales than the source has take its last row's, those of fewer its first ones."""
    if name not in ("expand_bias", "head.bias1") or len(source) == len(values):
        if source.shape != values.shape:
            raise ValueError(f"{name}: expected {tuple(values.shape)}, got {tuple(source.shape)}")
        return source
    missing = max(len(values) - len(source), 0)
    return torch.cat([source, source[-1:].expand(missing, *source.shape[1:])])[: len(values)]
