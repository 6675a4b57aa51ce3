"""The networks of spinning LiDAR = their references, bit for bit, on every instruction set and for any threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from pcc.geometry.interlace import PASSES
from pcc.geometry.range_image import RangeImage
from pcc.ops import lattice_net as op
from pcc.ops.lattice_context import MOST_RANGE, contexts_reference, num_feats, num_guesses, reflectance_feats
from pcc.ops.lattice_net import Dense
from tests.lattices import random_image

ROW_FEATS = 5
SOME = [0, 1, 3, 9]  # passes: the start, between columns, between rows, the last


def dense(rng, inputs, outputs, *, last=False):
    """A layer whose outputs spread over what they may be."""
    spread = 60 * np.sqrt(inputs) * 70
    multiplier = rng.integers(*((20_000, 60_000) if last else (2000, 5000)), outputs)
    bias = rng.normal(0, spread, outputs)
    return Dense(
        rng.integers(-127, 128, (inputs, outputs)).astype(np.int8),
        bias.astype(np.int32),
        multiplier.astype(np.int32),
        20,
    )


def layers_of(rng, inputs, outputs, hidden=(16, 32)):
    widths = [-(-inputs // 4) * 4, *hidden, outputs]
    pairs = list(pairwise(widths))
    return [dense(rng, a, b, last=(a, b) == pairs[-1]) for a, b in pairs]


def range_net(rng, step, kernels=2, hidden=(16, 32), row_feats=ROW_FEATS):
    outputs = 3 * (kernels + num_guesses(step)) + 1 + kernels * len(step.neighbours)
    return op.RangeNet(step, layers_of(rng, num_feats(step, row_feats), outputs, hidden), kernels, row_feats)


def reflectance_net(rng, step, outputs=127, hidden=(16, 32), row_feats=ROW_FEATS):
    inputs = num_feats(step, row_feats) + 1 + len(step.neighbours) + 4
    return op.ReflectanceNet(step, layers_of(rng, inputs, outputs, hidden), row_feats)


def assert_equal(found, want):
    """(occupancy, mixture) twice."""
    for a, b in [(found[0], want[0])] + [
        (getattr(found[1], k), getattr(want[1], k)) for k in ("mu", "scale", "weight")
    ]:
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def check_ranges(net, image):
    found = net.run(image, 80)
    assert_equal(found, op.range_reference(net, contexts_reference(image, net.step, 80)))
    return found


@pytest.mark.parametrize("number", SOME)
def test_ranges_equal_reference(isa, threads, rng, number):
    """On rows of more than one tile of 64 cells, the last one not full; outputs spread over their range."""
    net, image = range_net(rng, PASSES[number]), random_image(rng, 16, 260)
    occupancy, mixture = check_ranges(net, image)
    assert mixture.mu.shape == (net.components, np.prod(net.step.shape(16, 260)))
    if number == 9:
        assert len(set(occupancy.tolist())) > 100
        assert mixture.scale.min() < 0 < mixture.scale.max()


@pytest.mark.parametrize("kernels", [0, 1, 4])
@pytest.mark.parametrize("hidden", [(), (16,), (48, 16, 64, 16, 256)], ids=str)
def test_any_kernels_and_layers(isa, rng, kernels, hidden):
    check_ranges(range_net(rng, PASSES[-1], kernels, hidden), random_image(rng, 5, 70))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 2), (3, 7), (8, 1), (2, 128), (2, 130)], ids=str)
def test_any_size(threads, rng, rows, columns):
    """Also passes without a cell."""
    for number in SOME:
        check_ranges(range_net(rng, PASSES[number], row_feats=3), random_image(rng, rows, columns, 3))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_ends_of_the_ranges(isa, rng, sign):
    """Kernels of 3.5 of differences that are all clamped, spreads of 128 sinh(11.2), and no sum that wraps."""
    step = PASSES[-1]
    k, n = 4 + num_guesses(step), len(step.neighbours)
    inputs, outputs = num_feats(step, ROW_FEATS), 3 * k + 1 + 4 * n
    inputs += -inputs % 4
    full = Dense(
        np.full((inputs, outputs), 127 * sign, np.int8), np.full(outputs, sign, np.int32),
        np.full(outputs, 2**31 - 1, np.int32), 30,
    )  # fmt: skip
    net, image = op.RangeNet(step, [full], 4, ROW_FEATS), random_image(rng, 4, 40)
    image.fill(rng.choice([1, MOST_RANGE], (4, 40)).astype(np.int32))
    occupancy, mixture = check_ranges(net, image)
    assert (occupancy == 3584 * sign).all()
    assert np.abs(mixture.mu.astype(np.int64)).max() < 1 << 28


def test_several_threads_share_a_network(isa, rng):
    """The first calls of a new network, at once from eight threads."""
    image = random_image(rng, 8, 150)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            net = range_net(rng, PASSES[-1])
            want = op.range_reference(net, contexts_reference(image, net.step, 80))
            for call in [pool.submit(net.run, image, 80) for _ in range(8)]:
                assert_equal(call.result(), want)


def test_images_of_several_widths(rng):
    """One network serves them all, one after the other, also more than it keeps."""
    net = range_net(rng, PASSES[-1])
    images = [random_image(rng, 8, columns) for columns in range(60, 62 + op.MAX_STRIDES)]
    for image in [*images, *images]:
        check_ranges(net, image)


def check_reflectances(net, image, shades, cells):
    found = net.run(image, shades, cells, 80)
    seen = contexts_reference(image, net.step, 80)
    rows = np.searchsorted(image.flat(image.cells(net.step)), cells)
    extra = reflectance_feats(image, shades, net.step, cells, seen.base[rows])
    want = op.layers_reference(net.layers, np.concatenate([seen.feats[rows], extra], 1))
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, want)
    return found


@pytest.mark.parametrize("number", SOME)
def test_reflectances_equal_reference(isa, threads, rng, number):
    net, image = reflectance_net(rng, PASSES[number]), random_image(rng, 16, 260)
    shades = image.padded(rng.integers(0, 256, (16, 260)).astype(np.uint8))
    cells = image.flat(image.cells(net.step))
    cells = cells[image.range.reshape(-1)[cells] > 0]
    found = check_reflectances(net, image, shades, cells)
    assert len(set(found.reshape(-1).tolist())) > 100


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65])
@pytest.mark.parametrize("outputs", [1, 16, 255])
def test_reflectances_of_any_cells(isa, rng, size, outputs):
    net, image = reflectance_net(rng, PASSES[-1], outputs, (16,)), random_image(rng, 8, 90)
    image.fill(np.maximum(image._inner(image.range), 1))
    cells = image.flat(image.cells(net.step))[:size]
    check_reflectances(net, image, image.padded(rng.integers(0, 256, (8, 90)).astype(np.uint8)), cells)


def test_macs_are_weights(rng):
    net = range_net(rng, PASSES[-1], 2, (16, 32))
    inputs, outputs = len(net.layers[0].weight), len(net.layers[-1].bias)
    assert net.macs == 16 * inputs + 16 * 32 + 32 * outputs
    assert reflectance_net(rng, PASSES[-1], 127, (16,)).macs == 16 * (len(net.layers[0].weight) + 24) + 16 * 127


def test_spread_literals():
    """128 sinh(o / 320), odd: 0.4 at 1, 0.8 at 2, 150.4 at 320, 64 e^11.2 at the end."""
    assert op.spread_reference(np.array([0, 1, 2, 320, -320, 3584])).tolist() == [0, 0, 1, 150, -150, 4_680_348]


def test_wrong_layers_are_named(rng):
    good = dense(rng, 16, 32)
    for field, value in [
        ("weight", np.zeros((18, 32), np.int8)),
        ("weight", np.zeros((0, 32), np.int8)),
        ("weight", np.zeros((260, 32), np.int8)),
        ("bias", np.zeros(31, np.int32)),
        ("multiplier", np.zeros(33, np.int32)),
        ("multiplier", np.full(32, -1, np.int32)),
        ("shift", 0),
        ("shift", 63),
    ]:
        with pytest.raises(ValueError, match=field):
            replace(good, **{field: value})
    for width in (0, 257):
        with pytest.raises(ValueError, match="weight"):
            Dense(np.zeros((16, width), np.int8), *(np.zeros(width, np.int32) for _ in range(2)), 3)
    for field in ("weight", "bias", "multiplier"):
        with pytest.raises(TypeError, match=field):
            replace(good, **{field: getattr(good, field).astype(np.int64)})


def test_layers_that_do_not_fit_are_named(rng):
    step = PASSES[-1]
    inputs, shades = num_feats(step, ROW_FEATS) + 3, num_feats(step, ROW_FEATS) + 23
    outputs = 3 * (2 + num_guesses(step)) + 1 + 2 * len(step.neighbours)
    good, shaded = layers_of(rng, inputs, outputs), layers_of(rng, shades, 127)
    for layers in ([], good[1:], good[:-1], good[:1] + good[2:], [good[0]] * 7):
        with pytest.raises(ValueError, match="layers"):
            op.RangeNet(step, layers, 2, ROW_FEATS)
    for kernels in (-1, 0, 1, 3):
        with pytest.raises(ValueError, match="inputs or outputs"):
            op.RangeNet(step, good, kernels, ROW_FEATS)
    with pytest.raises(ValueError, match="inputs or outputs"):
        op.RangeNet(step, good, 2, ROW_FEATS + 8)
    with pytest.raises(ValueError, match="inputs do not fit"):
        op.ReflectanceNet(step, layers_of(rng, shades - 8, 127), ROW_FEATS)
    with pytest.raises(ValueError, match="widths do not fit"):
        op.ReflectanceNet(step, layers_of(rng, shades, 127, (20,)), ROW_FEATS)
    assert op.ReflectanceNet(step, shaded, ROW_FEATS).step is step


def test_surroundings_that_do_not_fit_are_named(rng):
    step = PASSES[-1]
    net = range_net(rng, step)
    n = len(step.neighbours)
    for changes in ({"near": (n,)}, {"anchors": (-1, 1, 6, 7)}, {"extensions": ((0, 2), (1, n))}, {"neighbours": ()}):
        with pytest.raises(ValueError, match=r"surroundings|layers"):
            op.RangeNet(replace(step, **changes), net.layers, 2, ROW_FEATS)
    wide = replace(step, neighbours=tuple((0, i + 1) for i in range(33)))
    with pytest.raises(ValueError, match="surroundings: expected 2 to 32"):
        op.RangeNet(wide, net.layers, 2, ROW_FEATS)


def test_wrong_images_are_named(rng):
    net, shade_net = range_net(rng, PASSES[-1]), reflectance_net(rng, PASSES[-1])
    other = RangeImage(np.zeros((4, 9), np.int16), np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="row_feats"):
        net.run(other, 0)
    image = random_image(rng, 4, 9)
    shades, cells = np.zeros(image.range.shape, np.uint8), image.flat(image.cells(PASSES[-1]))
    with pytest.raises(ValueError, match="row_feats"):
        shade_net.run(other, np.zeros(other.range.shape, np.uint8), cells, 0)
    with pytest.raises(ValueError, match="reflectance"):
        shade_net.run(image, shades[1:], cells, 0)
    with pytest.raises(TypeError, match="reflectance"):
        shade_net.run(image, shades.astype(np.int32), cells, 0)
    with pytest.raises(TypeError, match="cells"):
        shade_net.run(image, shades, cells.astype(np.int32), 0)
    for wrong in (-1, 0, 100, image.range.size - 1, image.range.size, 1 << 40):
        with pytest.raises(ValueError, match="cells"):
            shade_net.run(image, shades, np.array([cells[0], wrong]), 0)
