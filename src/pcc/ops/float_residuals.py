"""What is left of float32 metres whose positions are known in 2^-24 millimetre: units in the last place between them.

    predicted = float32(float64(fixed) / 16777216000)       each operation rounded once, to nearest, halves to even
    residual  = key(value) - key(predicted)                modulo 2^32, as int32

KITTI corrected raw positions that were float32 metres themselves. `float_error` is what these have beyond whole
millimetres; `pcc.ops.twist_map.correct` takes it. Three quarters of the residuals are 0 without it, over 99 % with it.

``key`` puts floats in order: the bits of one that is not negative, and minus one minus the bits but for the sign of one
that is. So +0.0 has the key 0, -0.0 the key -1, and neighbours differ by one, denormal numbers included. Whatever the
values, restore_floats(fixed, float_residuals(fixed, values)) has their bits. Residuals are small where positions were
computed as these; it is no way to code floats of other origin.
"""

from __future__ import annotations

import numpy as np

from pcc.ops._arrays import check

UNITS_A_METRE = 1000 << 24
_MAGNITUDE = np.int32(0x7FFFFFFF)


def float_residuals(fixed: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(N, 3) int32.

    Args:
        fixed: (N, 3) int64, 2^-24 millimetre, below 2^53 in magnitude.
        values: (N, 3) float32 metres.
    """
    fixed = check(fixed, "fixed", "int64", (None, 3))
    values = check(values, "values", "float32", fixed.shape)
    with np.errstate(over="ignore"):
        return _key(values.view(np.int32)) - _predicted(fixed)


def restore_floats(fixed: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """(N, 3) float32, bit for bit what `float_residuals` was given."""
    fixed = check(fixed, "fixed", "int64", (None, 3))
    with np.errstate(over="ignore"):
        key = check(residuals, "residuals", "int32", fixed.shape) + _predicted(fixed)
    return _key(key).view(np.float32)


def float_error(voxels: np.ndarray) -> np.ndarray:
    """What whole millimetres (N, 3) int32 gain as float32 metres: (N, 3) int32 in 2^-24 millimetre.

    It is float64(float32(float64(voxel) / 1000)) * 16777216000, a product that float64 holds exactly, rounded with
    halves to even, less voxel 2^24. It is below 2^20 in magnitude for voxels that are.
    """
    metres = (check(voxels, "voxels", "int32", (None, 3)) / 1000.0).astype(np.float32)
    units = np.rint(metres.astype(np.float64) * UNITS_A_METRE).astype(np.int64)
    return (units - (voxels.astype(np.int64) << 24)).astype(np.int32)


def _predicted(fixed: np.ndarray) -> np.ndarray:
    """Keys (N, 3) int32 of the floats nearest to fixed positions."""
    return _key((fixed.astype(np.float64) / UNITS_A_METRE).astype(np.float32).view(np.int32))


def _key(bits: np.ndarray) -> np.ndarray:
    """Bits to keys, and keys to bits: it is its own inverse."""
    return np.where(bits < 0, bits ^ _MAGNITUDE, bits)
