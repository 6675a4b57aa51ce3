"""Colours packed into one number per point, as PCD files have them: 0xAARRGGBB in a field ``rgb`` or ``rgba``.

The field itself stays as it is, whatever is done with it here: float32 by its bits, or an integer of 32 bits.
"""

from __future__ import annotations

import numpy as np

from pcc.pointcloud import PointCloud

COLOURS = ("red", "green", "blue")
PACKED = ("rgb", "rgba")
_DTYPES = (np.float32, np.uint32, np.int32)


def is_packed(cloud: PointCloud, name: str) -> bool:
    """Whether a field has that name and packed colours."""
    values = cloud.fields.get(name)
    return name in PACKED and values is not None and values.dtype in _DTYPES and values.size == len(cloud)


def unpacked(cloud: PointCloud) -> PointCloud:
    """The cloud with fields red, green and blue, (N,) uint8, where it has them packed and not already."""
    if any(name in cloud.fields for name in COLOURS):
        return cloud
    for name in PACKED:
        if is_packed(cloud, name):
            bits = np.ascontiguousarray(cloud.fields[name]).reshape(-1).view(np.uint32)
            channels = {
                colour: (bits >> shift & 255).astype(np.uint8)
                for colour, shift in zip(COLOURS, (16, 8, 0), strict=True)
            }
            return cloud.with_fields({**cloud.fields, **channels})
    return cloud
