"""Sparse convolution, gradients and the octree's neighbours equal MinkowskiEngine's, which finds its own neighbours.

MinkowskiEngine 0.5.4 numbers the offsets of a kernel with x fastest, k = (dx+1) + 3 (dy+1) + 9 (dz+1); pcc has z
fastest. Both read the input at the output's place plus the offset. How it builds is in docs/decisions.md.
"""

import collections
import collections.abc

import numpy as np
import pytest

from pcc.geometry.octree import child_level, occupancies, root_level
from pcc.ops import conv_float, morton

torch = pytest.importorskip("torch", reason="torch is not installed (extra 'train')")
collections.Sequence = collections.abc.Sequence  # its Python was written before 3.10
ME = pytest.importorskip("MinkowskiEngine", reason="MinkowskiEngine is not built here (docs/decisions.md says how)")


def reordered(weights: np.ndarray) -> np.ndarray:
    """(27, CI, CO) weights from pcc's order of offsets to MinkowskiEngine's; its own inverse."""
    return np.ascontiguousarray(weights.reshape(3, 3, 3, *weights.shape[1:]).swapaxes(0, 2).reshape(weights.shape))


def random_cloud(rng, num_points: int, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """(coords (V, 3) int32 in Morton order, neighbours (V, 27)) of a random set, by the walk down its octree."""
    coords = rng.integers(0, 1 << depth, (num_points, 3)).astype(np.int32)
    codes = np.unique(morton.encode(coords))
    level = root_level()
    for occupancy in occupancies(codes, depth):
        level = child_level(level, occupancy)
    assert (level.codes == codes).all()
    return morton.decode(codes), level.neighbours


def minkowski(coords, feats, weights, grad_out):
    """(out, gradient of feats, gradient of weights) of MinkowskiEngine, rows in the order of coords."""
    feats = torch.from_numpy(feats).requires_grad_()
    convolution = ME.MinkowskiConvolution(weights.shape[1], weights.shape[2], kernel_size=3, dimension=3)
    with torch.no_grad():
        convolution.kernel.copy_(torch.from_numpy(reordered(weights)))
    batched = ME.utils.batched_coordinates([torch.from_numpy(coords)])
    out = convolution(ME.SparseTensor(feats, coordinates=batched))
    assert torch.equal(out.C, batched)  # it keeps the order of distinct rows
    out.F.backward(torch.from_numpy(grad_out))
    return out.F.detach().numpy(), feats.grad.numpy(), reordered(convolution.kernel.grad.numpy())


@pytest.mark.parametrize(("num_points", "depth"), [(1, 1), (2, 1), (500, 3), (3000, 4), (3000, 10)])
@pytest.mark.parametrize(("channels_in", "channels_out"), [(16, 16), (16, 32), (32, 32)])
def test_convolution_and_gradients_agree(num_points, depth, channels_in, channels_out, rng, isa):
    coords, neighbours = random_cloud(rng, num_points, depth)
    feats = rng.normal(size=(len(coords), channels_in)).astype(np.float32)
    weights = rng.normal(size=(27, channels_in, channels_out)).astype(np.float32)
    grad_out = rng.normal(size=(len(coords), channels_out)).astype(np.float32)
    ours = (
        conv_float.forward(feats, weights, neighbours),
        conv_float.backward_feats(grad_out, weights, neighbours),
        conv_float.backward_weights(feats, grad_out, neighbours),
    )
    for got, expected in zip(ours, minkowski(coords, feats, weights, grad_out), strict=True):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
