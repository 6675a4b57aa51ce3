"""Programs of the first format: eight stages of one octant each, in checkerboard order.

They are the special case of two colours and eight groups; reading one gives the tensors of the present format. Streams
that name such a model stay readable with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

FORMAT_1 = "pcc-occupancy-1"
NUM_STAGES = 8


def from_format_1(config: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, Any]]:
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
            name = f"set{i}.head{stage}"
            shift1, shift2, bias3, multiplier3, shift3 = (int(v) for v in tensors[f"{name}.scalars"])
            converted[f"{name}.scalars"] = np.array([shift1, shift2, shift3], np.int32)
            converted[f"{name}.weight3"] = tensors[f"{name}.weight3"][:, None]
            converted[f"{name}.bias3"] = np.array([bias3], np.int32)
            converted[f"{name}.multiplier3"] = np.array([multiplier3], np.int32)
    return kept | {"colours": 2, "groups": NUM_STAGES, "by_colour": False}, converted
