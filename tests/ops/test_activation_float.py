"""y = clamp(x, 0, 255 s), quantised y = clamp(round(x / s), 0, 255) s; dy/dx = 1 where 0 < x < 255 s, else 0."""

import numpy as np
import pytest

from pcc.ops import activation_float as op

STEP = 1 / 32
SIZES = [0, 1, 15, 17, 40_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("quantised", [False, True])
def test_equals_reference(isa, threads, rng, size, quantised):
    """The same bits as the definition: every operation is exact for a step that is a power of two."""
    x = (rng.normal(size=size) * 4).astype(np.float32)
    np.testing.assert_array_equal(
        op.forward(x, STEP, quantised=quantised), op.forward_reference(x, STEP, quantised=quantised).astype(np.float32)
    )
    grad = rng.normal(size=size).astype(np.float32)
    passed = np.where((x > 0) & (x < 255 * STEP), grad, np.float32(0))
    np.testing.assert_array_equal(op.backward(x, grad, STEP), passed)


def test_literal(isa):
    """Halves go to even; the range ends at 255 steps, where the gradient ends too."""
    x = np.array([-1, 0, 0.5, 1.5, 2.5, 2.6, 254.5, 255, 256, 1e30, -np.inf, np.inf], np.float32) * np.float32(STEP)
    steps = [0, 0, 0, 2, 2, 3, 254, 255, 255, 255, 0, 255]
    np.testing.assert_array_equal(op.forward(x, STEP, quantised=True), np.float32(STEP) * np.array(steps, np.float32))
    clamped = op.forward(x, STEP, quantised=False)
    np.testing.assert_array_equal(clamped, np.clip(x, 0, np.float32(255 * STEP)))
    assert op.backward(x, np.ones_like(x), STEP).tolist() == [0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("quantised", [False, True])
def test_nan_stays_nan(isa, quantised):
    """A diverged training shows itself on every instruction set."""
    x = np.full(33, np.nan, np.float32)
    assert np.isnan(op.forward(x, STEP, quantised=quantised)).all()


def test_shapes_are_kept_and_wrong_arguments_named():
    assert op.forward(np.zeros((2, 3, 4), np.float32), STEP, quantised=True).shape == (2, 3, 4)
    with pytest.raises(TypeError, match="x: expected float32"):
        op.forward(np.zeros(3), STEP, quantised=True)
    with pytest.raises(ValueError, match="grad_y"):
        op.backward(np.zeros(3, np.float32), np.zeros(4, np.float32), STEP)
