"""The documents are enough: decoders written from them alone read what the package writes.

written_decoder(encode_octree(codes)) = codes                    docs/arithmetic.md
written_container.read(pcc.encode(cloud)) = pcc.decode(...)      docs/bitstream.md
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pcc
from pcc.codec.inferred import Inferred
from pcc.codec.octree import decode_octree, encode_lossy, encode_octree
from pcc.codec.walk import walk
from pcc.entropy.coders import RansEncoder
from pcc.errors import CorruptStream
from pcc.geometry.coding_order import CodingOrder
from pcc.geometry.octree import occupancies
from pcc.inference.program import Program
from pcc.ops import morton
from tests.conformance import written_container, written_decoder
from tests.golden import FOLDER
from tests.streams import with_mask
from tests.trees import SOME_ORDERS, name_of


def random_program(folder, order: CodingOrder, lone_hidden: int = 0) -> Program:
    """An untrained network, its weights large enough that logits and clamps take all their values."""
    torch = pytest.importorskip("torch", reason="exporting a program needs PyTorch")
    from pcc.models.export import export_model
    from pcc.models.occupancy import OccupancyNet
    from tests.networks import config_of

    torch.manual_seed(3)
    network = OccupancyNet(config_of(order, blocks=(2, 1), scales=(1, 3), lone_hidden=lone_hidden))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape) * parameter.abs().max().clamp_min(1.0)
    path = folder / "random.safetensors"
    return Program(export_model(network, path, name="random", record={}, metrics={}, licence="none"))


FIRST_FORMAT = "first format"
PROGRAMS = {name_of(order): (order, 0) for order in SOME_ORDERS} | {
    FIRST_FORMAT: (CodingOrder(2, 8), 0),
    "8x4 and lone nodes": (CodingOrder(8, 4), 16),
    "1x8 and lone nodes": (CodingOrder(1, 8), 48),
}


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    program = random_program(folder, *PROGRAMS[request.param])
    if request.param != FIRST_FORMAT:
        return program
    from tests.networks import in_format_1

    return Program(in_format_1(program, folder / "first.safetensors"))


@pytest.fixture(scope="module")
def file(program):
    return written_decoder.File(program.path.read_bytes())


def surface(num_points: int, depth: int) -> np.ndarray:
    """(V,) codes of a noisy slanted plane: nodes with few and with many neighbours."""
    rng, side = np.random.default_rng(depth), 1 << depth
    coords = rng.integers(0, side, (num_points, 3))
    coords[:, 2] = (coords[:, 0] + coords[:, 1] + rng.integers(0, 2, num_points)) // 2 % side
    return np.unique(morton.encode(coords.astype(np.int32)))


@pytest.mark.parametrize(
    ("num_points", "depth", "level_offset", "lanes"),
    [(1, 1, 0, 1), (9, 1, 0, 3), (1, 21, 0, 1), (40, 21, 10, 2), (900, 5, 0, 1), (900, 5, 0, 32), (400, 8, 255, 64)],
)
def test_payload(program, file, num_points, depth, level_offset, lanes):
    """written_decoder(stream of codes) = codes."""
    codes = surface(num_points, depth)
    coder = RansEncoder(lanes)
    walk(program, coder, depth, level_offset=level_offset, known=occupancies(codes, depth))
    payload = coder.finish()
    assert written_decoder.decode(payload, depth, len(codes), file, level_offset) == codes.tolist()
    np.testing.assert_array_equal(decode_octree(payload, depth, len(codes), program, level_offset), codes)


@pytest.mark.parametrize(
    ("num_points", "depth", "mask"),
    [(1, 1, 1), (9, 2, 0b10), (40, 21, 0x1FFFFF), (40, 21, 0x0F0F0F), (900, 5, 0b11111), (900, 5, 0b10110), (9, 5, 1)],
)
def test_adaptive_levels(program, file, num_points, depth, mask):
    """written_decoder(stream of codes, mask) = codes; where all levels are adaptive, without a program."""
    codes = surface(num_points, depth)
    payload = encode_octree(codes, depth, program, 1, mask)
    alone = mask == (1 << depth) - 1
    assert written_decoder.decode(payload, depth, len(codes), None if alone else file, 1, mask) == codes.tolist()
    decoded = decode_octree(payload, depth, len(codes), None if alone else program, 1, mask)
    np.testing.assert_array_equal(decoded, codes)


@pytest.mark.parametrize("mask", [0, 0b00100])
def test_calibrations(program, file, mask):
    """Scales and shifts at their ends and in the middle, a level without a model between them."""
    codes, calibrations = surface(900, 5), bytes([0x00, 0xFF, 0x88, 0xB5, 0x7A])
    payload = encode_octree(codes, 5, program, 1, mask, calibrations)
    assert written_decoder.decode(payload, 5, len(codes), file, 1, mask, calibrations) == codes.tolist()
    np.testing.assert_array_equal(decode_octree(payload, 5, len(codes), program, 1, mask, calibrations), codes)


def test_damage_is_found(program, file):
    """A missing word, a word too many, another number of voxels: Corrupt."""
    codes = surface(300, 5)
    payload = encode_octree(codes, 5, program, 0)
    for data, num_voxels in ((payload[:-2], len(codes)), (payload + b"\0\0", len(codes)), (payload, len(codes) + 1)):
        with pytest.raises(written_decoder.Corrupt):
            written_decoder.decode(data, 5, num_voxels, file, 0)


def test_node_without_children(program, file):
    """occupancy = 0: Corrupt, in both decoders."""
    coder = RansEncoder(1)
    walk(program, coder, 1, known=[np.zeros(1, np.uint8)])
    payload = coder.finish()
    with pytest.raises(written_decoder.Corrupt):
        written_decoder.decode(payload, 1, 2, file, 0)
    with pytest.raises(CorruptStream):
        decode_octree(payload, 1, 2, program, 0)


CLOUDS = {
    "empty": pcc.PointCloud(np.zeros((0, 3), np.float32)),
    "one point": pcc.PointCloud(np.array([[1.5, -2, 3]], np.float32), {"red": np.array([200], np.uint8)}),
    "integers": pcc.PointCloud(np.array([[5, -3, 900], [6, -3, 900], [4, 0, 880]], np.int32)),
    "no points, a field": pcc.PointCloud(np.zeros((0, 3)), {"a": np.zeros((0, 2), np.int16), "b": np.zeros(0)}),
    "duplicates": pcc.PointCloud(np.array([[0, 0, 1], [2, 0, 1], [0, 0, 1], [0, 0, 1]], np.int16)),
}


def test_file_with_a_mask(program, file, rng):
    """Some levels adaptive, with the digest behind the mask."""
    cloud = pcc.PointCloud(rng.integers(0, 30, (300, 3)).astype(np.int16))
    check_stream(program, file, with_mask(cloud, program, 0b01101))
    check_stream(program, file, with_mask(cloud, program, 0b00100, bytes([0x88, 0x19, 0x88, 0xE4, 0x95])))
    check_stream(program, file, with_mask(cloud, program, 0, bytes([0x88, 0x19, 0x88, 0xE4, 0x95])))


@pytest.mark.parametrize("name", CLOUDS)
def test_file(program, file, name):
    """read(encode(cloud)) = decode(encode(cloud)), to the bit."""
    check_file(program, file, CLOUDS[name])


def test_file_with_fields(program, file, rng):
    """Millimetre floats with duplicates, and fields of every transform and method."""
    xyz = (rng.integers(-300, 300, (500, 3)) / 1000).astype(np.float32)
    xyz[400:] = xyz[:100]
    fields = {
        "intensity": (rng.integers(0, 90, 500) / 100).astype(np.float32),
        "time": np.arange(500, dtype=np.int64) * 1000,
        "label": np.zeros(500, np.uint16),
        "normal": rng.normal(size=(500, 3)),
        "valid": rng.random(500) < 0.5,
    }
    check_file(program, file, pcc.PointCloud(xyz, fields))


def check_file(program: Program, file: written_decoder.File, cloud: pcc.PointCloud) -> None:
    for options in ({}, {"fallback": False}, {"model": "adaptive"}):
        check_stream(program, file, pcc.encode(cloud, **{"model": program, **options}))


def check_stream(program: Program, file: written_decoder.File, data: bytes) -> None:
    expected = pcc.decode(data, model=program)
    xyz, fields = written_container.read(data, {program.digest: file})
    assert xyz.dtype == expected.xyz.dtype
    assert xyz.tobytes() == expected.xyz.tobytes()
    assert list(fields) == list(expected.fields)
    for name, values in fields.items():
        assert values.dtype == expected.fields[name].dtype
        assert values.tobytes() == np.ascontiguousarray(expected.fields[name]).tobytes()


@pytest.mark.parametrize("order", [CodingOrder(8, 4), CodingOrder(2, 8), CodingOrder(4, 2, by_colour=True)], ids=str)
def test_inferred_levels(tmp_path, order):
    """Whatever is coded and whatever is inferred: written_decoder gives what the encoder saw."""
    pytest.importorskip("torch", reason="exporting a program needs PyTorch")
    from tests.networks import TINY_LOSSY, exported, random_network

    shape = {"colours": order.colours, "groups": order.groups, "by_colour": order.by_colour}
    program = exported(random_network(replace(TINY_LOSSY, **shape)), tmp_path / "lossy.safetensors")
    file, codes = written_decoder.File(program.path.read_bytes()), surface(400, 5)
    for shares, leans, offset in (
        ((0,), (0,), 0),
        ((60,), (-9,), 2),
        ((255, 0, 30), (5, 127, -127), 0),
        ((1,) * 5, (0,) * 5, 7),
    ):
        coded = encode_lossy(codes, 5, program, Inferred(shares, leans, codes), offset)
        pairs = tuple(zip(shares, leans, strict=True))
        read = written_decoder.decode(coded.data, 5, len(coded.codes), file, offset, inferred=pairs)
        assert read == coded.codes.tolist()
    x, y = (a.ravel() for a in np.meshgrid(np.arange(20), np.arange(20)))
    cloud = pcc.PointCloud(np.stack([x, y, (x * y) // 40], 1).astype(np.int16), {"label": (x % 7).astype(np.uint8)})
    for quality in (20, 60, 90):
        check_stream(program, file, pcc.encode(cloud, quality=quality, model=program))


@pytest.mark.parametrize("name", ["model", "model_2"])
def test_frozen_models(name):
    """The frozen programs of both formats: written_decoder reads what they coded."""
    path = FOLDER / f"{name}.safetensors"
    program, file = Program(path), written_decoder.File(path.read_bytes())
    codes = surface(500, 6)
    payload = encode_octree(codes, 6, program, 0)
    assert written_decoder.decode(payload, 6, len(codes), file, 0) == codes.tolist()
