"""Errors of colours and reflectance between two clouds, by the definitions of ``pc_error`` 0.14.2.

Colours are compared as BT.709 YCbCr in [0, 1], peak 1. A point is compared with the mean colour of all its nearest
points, rounded to whole numbers; reflectance with that of one nearest point: the first by x, y, z here, whichever its
tree meets first in ``pc_error``, so on lattices, where many are equally near, their figures differ. Colours or
reflectance of points at one place are averaged first, integers without their fraction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pcc.metrics.nearest import Nearest
from pcc.metrics.packed_colours import unpacked
from pcc.metrics.unique import Unique
from pcc.pointcloud import PointCloud

COLOURS = ("red", "green", "blue")
REFLECTANCES = ("reflectance", "refc", "reflectivity", "intensity", "remission")
BT709 = np.array([[0.2126, 0.7152, 0.0722], [-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.0458]]) / 255


@dataclass(frozen=True)
class Attributes:
    """What the M distinct points of a cloud carry; None where they carry no such thing.

    Attributes:
        colours: (M, 3) uint8 red, green, blue.
        reflectance: (M,) of the field's dtype.
    """

    colours: np.ndarray | None
    reflectance: np.ndarray | None


def read_attributes(cloud: PointCloud, unique: Unique) -> Attributes:
    """The attributes of ``cloud``: colours of 8 bits, packed ones too, and the first reflectance by its name.

    Raises:
        ValueError: a reflectance is NaN or infinite.
    """
    colours, cloud = None, unpacked(cloud)
    if all(name in cloud.fields and cloud.fields[name].dtype == np.uint8 for name in COLOURS):
        colours = unique.mean(np.stack([cloud.fields[name] for name in COLOURS], axis=1)).astype(np.uint8)
    name = _reflectance_name(cloud)
    if name is None:
        return Attributes(colours, None)
    if not np.isfinite(cloud.fields[name]).all():
        raise ValueError(f"field {name!r}: expected finite values, got NaN or infinity")
    return Attributes(colours, unique.mean(cloud.fields[name]).astype(np.float64))


def colour_mse(source: np.ndarray, target: np.ndarray, found: Nearest) -> np.ndarray:
    """(3,) mean squared errors of Y, Cb, Cr from ``source`` (N, 3) to ``target`` (M, 3), both uint8 RGB."""
    means = np.floor(found.mean(target[found.rows].astype(np.float64)) + 0.5)
    return (((source - means) @ BT709.T) ** 2).mean(axis=0)


def reflectance_mse(source: np.ndarray, target: np.ndarray, found: Nearest) -> float:
    """Mean squared error from ``source`` (N,) to ``target`` (M,)."""
    return float(((source - target[found.first()]) ** 2).mean())


def reflectance_peak(a: PointCloud) -> float | None:
    """The largest value of the dtype of a cloud's reflectance, 1 for floats; None without reflectance."""
    name = _reflectance_name(a)
    if name is None:
        return None
    dtype = a.fields[name].dtype
    return 1.0 if dtype.kind in "fb" else float(np.iinfo(dtype).max)


def attribute_psnr(mse: float | None, peak: float | None) -> float | None:
    """10 log10(peak^2 / mse) in dB; infinite for mse = 0, None where there is nothing to compare."""
    if mse is None or peak is None:
        return None
    return 10 * math.log10(peak * peak / mse) if mse > 0 else math.inf


def _reflectance_name(cloud: PointCloud) -> str | None:
    return next((name for name in REFLECTANCES if name in cloud.fields and cloud.fields[name].ndim == 1), None)
