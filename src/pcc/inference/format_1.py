"""Programs of the first format: eight stages of one octant each, in checkerboard order.

They are the special case of two colours and eight groups; reading one gives the tensors of the present format. Streams
that name such a model stay readable with it. Only what differs is checked here; `pcc.inference.layers` checks the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

FORMAT_1 = "pcc-occupancy-1"
NUM_STAGES = 8

Tensors = Mapping[str, np.ndarray]


def from_format_1(config: Mapping[str, Any], tensors: Tensors) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Configuration and tensors in the present format.

    Raises:
        KeyError, ValueError, TypeError: they do not fit the first format.
    """
    if config["checkerboard"] is not True:
        raise ValueError("config: the first format is read in checkerboard order only")
    kept = {key: value for key, value in config.items() if key != "checkerboard"}
    converted = dict(tensors)
    for i in range(len(config["scales"])):
        for stage in range(NUM_STAGES):
            converted |= _converted(tensors, f"set{i}.head{stage}")
    return kept | {"colours": 2, "groups": NUM_STAGES, "by_colour": False, "lone_hidden": 0}, converted


def _converted(tensors: Tensors, name: str) -> dict[str, np.ndarray]:
    """What differs in a stage: one logit a node was a vector of weights and two of the scalars."""
    scalars, weight3 = tensors[f"{name}.scalars"], tensors[f"{name}.weight3"]
    if scalars.shape != (5,) or scalars.dtype != np.int32 or weight3.ndim != 1:
        raise ValueError(f"{name}: expected scalars (5,) int32 and weight3 (H,), got {scalars.shape}, {weight3.shape}")
    shift1, shift2, bias3, multiplier3, shift3 = scalars
    return {
        f"{name}.scalars": np.array([shift1, shift2, shift3], np.int32),
        f"{name}.weight3": weight3[:, None],
        f"{name}.bias3": np.array([bias3], np.int32),
        f"{name}.multiplier3": np.array([multiplier3], np.int32),
    }
