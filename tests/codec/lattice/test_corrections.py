"""decode(encode(delta)) = delta; codes are the logits that suit them; most bits are saved far from faces."""

import numpy as np
import pytest

from pcc.codec.lattice.corrections import MAX_CODE, NUM_CLASSES, classes_of, code_corrections, measure
from pcc.entropy.coders import BitEstimator, RansDecoder, RansEncoder
from pcc.errors import CorruptStream


def places_and_deltas(rng, size, rate=0.002):
    """Corrections near faces, as real ones are, and a few anywhere."""
    place = rng.integers(0, 256, (size, 3)).astype(np.uint8)
    distance = np.minimum(place, 255 - place).astype(float)
    wrong = (rng.random((size, 3)) < 0.5 * np.exp(-distance / 2.0)) | (rng.random((size, 3)) < rate)
    delta = np.where(place < 128, -1, 1) * wrong
    delta[rng.random((size, 3)) < 0.01] *= -1
    return place, delta.astype(np.int8)


def decoded(data, place, codes):
    decoder = RansDecoder(data)
    delta = code_corrections(decoder, place, codes, None)
    decoder.finish()
    return delta


@pytest.mark.parametrize("size", [0, 1, 7, 3000])
def test_round_trip(rng, size):
    place, delta = places_and_deltas(rng, size)
    codes, encoder = measure(place, delta), RansEncoder()
    assert len(codes) == NUM_CLASSES + 1
    given = code_corrections(encoder, place, codes, delta)
    np.testing.assert_array_equal(given, delta)
    found = decoded(encoder.finish(), place, codes)
    assert found.dtype == np.int8
    assert found.shape == (size, 3)
    np.testing.assert_array_equal(found, delta)


@pytest.mark.parametrize("value", [-1, 0, 1])
def test_all_alike(value):
    """No correction at all, or nothing else; with codes of other corrections, too."""
    place = np.arange(256 * 3).reshape(-1, 3).astype(np.uint8)
    delta = np.full(place.shape, value, np.int8)
    for codes in (measure(place, delta), bytes(NUM_CLASSES + 1), bytes([255] * (NUM_CLASSES + 1))):
        encoder = RansEncoder()
        code_corrections(encoder, place, codes, delta)
        np.testing.assert_array_equal(decoded(encoder.finish(), place, codes), delta)


def test_classes_are_symmetric_and_rise():
    """By the distance to the nearest face: 0 at both, 10 about the middle."""
    classes = classes_of(np.arange(256).astype(np.uint8))
    np.testing.assert_array_equal(classes, classes[::-1])
    assert (np.diff(classes[:128].astype(int)) >= 0).all()
    assert classes[[0, 1, 7, 8, 15, 16, 31, 32, 127]].tolist() == [0, 1, 7, 8, 8, 9, 9, 10, 10]
    assert classes.max() == NUM_CLASSES - 1


def test_measured_literals():
    """16 log2 of the odds against: 0.5 : 64.5 of none among 64; even odds at most; towards the face is the rule."""
    place = np.zeros((64, 1), np.uint8)
    assert measure(place, np.zeros((64, 1), np.int8))[0] == round(16 * np.log2(64.5 / 0.5))
    often = np.full((64, 1), -1, np.int8)
    codes = measure(place, often)
    assert codes[0] == 0
    assert codes[-1] == round(16 * np.log2(64.5 / 0.5))
    assert measure(place, -often)[-1] == 0
    assert set(codes[1:-1]) == {round(16 * np.log2(1))}
    assert max(measure(np.zeros((10**6, 1), np.uint8), np.zeros((10**6, 1), np.int8))) <= MAX_CODE


def test_which_face_is_nearest():
    """The lower one up to 127, the upper one from 128 on: corrections towards it are not "away"."""
    place = np.repeat(np.array([[127], [128]], np.uint8), 32, axis=0)
    towards = np.where(place == 127, -1, 1).astype(np.int8)
    assert measure(place, towards)[-1] == round(16 * np.log2(64.5 / 0.5))
    assert measure(place, -towards)[-1] == 0


def test_bits_are_those_of_the_classes(rng):
    """Within 2 % of the entropy of each class's share."""
    place, delta = places_and_deltas(rng, 100_000)
    estimator = BitEstimator()
    code_corrections(estimator, place, measure(place, delta), delta)
    kinds, wrong = classes_of(place).reshape(-1), (delta != 0).reshape(-1)
    away = delta.reshape(-1)[wrong] == np.where(place < 128, 1, -1).reshape(-1)[wrong]
    groups = [wrong[kinds == k] for k in range(NUM_CLASSES)] + [away]
    shares = [(len(g), np.clip(g.mean(), 1e-12, 1 - 1e-12)) for g in groups]
    want = sum(n * (-p * np.log2(p) - (1 - p) * np.log2(1 - p)) for n, p in shares)
    assert estimator.bits == pytest.approx(want, rel=0.02)


def test_every_cut(rng):
    place, delta = places_and_deltas(rng, 300, 0.05)
    codes, encoder = measure(place, delta), RansEncoder()
    code_corrections(encoder, place, codes, delta)
    data = encoder.finish()
    for size in range(len(data)):
        with pytest.raises(CorruptStream):
            decoded(data[:size], place, codes)
