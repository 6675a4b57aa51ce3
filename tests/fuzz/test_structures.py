"""join(split(data)) = data for every seed; changed parts get lengths and checksums that fit."""

from __future__ import annotations

from random import Random

import pytest

import pcc
from pcc.codec.header import parse_header
from pcc.codec.limits import Limits
from tests.fuzz import seeds
from tests.fuzz.mutation import dictionary, mutate
from tests.fuzz.structures import ARCHIVE, MODEL, PCD, PLY, STREAM, WHOLE

EXACT = [(STREAM, seeds.streams), (PLY, lambda: seeds.files(".ply")), (MODEL, seeds.models), (WHOLE, seeds.sensors)]


@pytest.mark.parametrize(("structure", "sound"), EXACT)
def test_round_trip(structure, sound):
    for name, data in sound().items():
        assert structure.join(structure.split(data)) == data, name


def test_a_seed_of_each_chunk():
    """Every tag that a decoder knows, and every extension of the header, is in some seed; beside a lattice too."""
    frames = [[part[:1] for part in STREAM.split(data)] for data in seeds.streams().values()]
    assert {tag for frame in frames for tag in frame} == {bytes([tag]) for tag in b"HGLMWFEXARBODt"}
    assert {tag for frame in frames if b"L" in frame for tag in frame} == {bytes([tag]) for tag in b"HLFXARBOD"}
    assert {tag for frame in frames if b"W" in frame for tag in frame} == {bytes([tag]) for tag in b"HGMWED"}
    headers = [parse_header(STREAM.split(data)[0][1:], Limits()) for data in seeds.streams().values()]
    assert any(h.grid.axes and not h.exact for h in headers)
    assert {h.exact for h in headers if h.num_low_bits} == {False, True}


def test_round_trip_of_parts():
    """split(join(parts)) = parts for archives, whose dates are not kept."""
    for data in seeds.files(".npz").values():
        parts = ARCHIVE.split(data)
        assert [part.partition(b"\n")[0] for part in parts][:1] == [b"xyz.npy"]
        assert ARCHIVE.split(ARCHIVE.join(parts)) == parts


@pytest.mark.parametrize("structure", [STREAM, ARCHIVE, PLY, PCD, MODEL, WHOLE])
def test_garbage(structure):
    """Anything is split into something, and that is joined."""
    for i in range(200):
        structure.join(structure.split(Random(i).randbytes(i)))


def test_checksums_of_a_changed_stream_fit():
    data = seeds.streams()["one_point"]
    header, *others = STREAM.split(data)
    longer = STREAM.join([header, b"x" + bytes(200), *others])
    assert len(longer) == len(data) + 1 + 2 + 200 + 4
    assert pcc.decode(longer).xyz.tobytes() == pcc.decode(data).xyz.tobytes()


def test_mutation_follows_from_its_seed():
    """The same numbers, the same input; other numbers, mostly another."""
    data, others = seeds.streams()["frames"], list(seeds.streams().values())
    assert mutate(data, Random(1), STREAM, others) == mutate(data, Random(1), STREAM, others)
    assert len({mutate(data, Random(i), STREAM, others) for i in range(50)}) > 30


def test_dictionary_literal():
    assert dictionary()[:2] == [b"H", b"G"]
    assert b"\x80\x80\x80\x10" in dictionary()
    assert b"end_header" in dictionary()
