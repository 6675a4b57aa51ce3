"""written_frame.read(pcc.encode(cloud)) = pcc.decode(...), to the bit, for frames in a sensor's lattice."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

import pcc
from pcc.codec.container import frame_chunks, frame_spans, join, write_chunk
from tests.codec.lattice.conftest import installed, program, table  # noqa: F401
from tests.codec.lattice.test_frames import moved
from tests.conformance import written_frame
from tests.conformance.written_decoder import Corrupt
from tests.conformance.written_lattice import LatticeFile
from tests.conformance.written_sensor import Table
from tests.sensors.tables import small_table
from tests.sensors.turns import small_turn


@pytest.fixture(scope="module")
def file(program):  # noqa: F811
    return LatticeFile(program.path.read_bytes())


def check(stream: bytes, models: dict, tables=(), number: int = 0) -> bytes:
    """Returns the flags of the chunk L."""
    expected = list(pcc.decode_frames(stream))[number]
    xyz, fields = written_frame.read(stream, models, list(tables), number)
    assert xyz.dtype == expected.xyz.dtype
    assert xyz.tobytes() == expected.xyz.tobytes()
    assert list(fields) == list(expected.fields)
    for name, values in fields.items():
        assert values.dtype == expected.fields[name].dtype
        assert values.tobytes() == np.ascontiguousarray(expected.fields[name]).tobytes()
    payloads = [chunk.payload for chunk in frame_chunks(stream, frame_spans(stream)[number]) if chunk.tag == b"L"]
    return bytes(payload[0] for payload in payloads)


REJECTED = (Corrupt, LookupError, ValueError, OverflowError, OSError, zlib.error)


def twice(cloud: pcc.PointCloud, rows: np.ndarray) -> pcc.PointCloud:
    rows = np.concatenate([np.arange(len(cloud)), rows])
    return pcc.PointCloud(cloud.xyz[rows], {name: values[rows] for name, values in cloud.fields.items()})


@pytest.mark.parametrize("options", [{}, {"order": "keep"}, {"max_error": 0.032}, {"max_error": 0.25, "order": "keep"}])
@pytest.mark.parametrize("off_lattice", [0, 9])
def test_raw_frames(program, file, installed, table, options, off_lattice):  # noqa: F811
    cloud = small_turn(table, off_lattice=off_lattice)
    check(pcc.encode(cloud, **options), {program.digest: file})
    check(pcc.encode(twice(cloud, np.arange(30)), **options), {program.digest: file})


def test_corrections_before_and_after_motion(program, file, installed, table):  # noqa: F811
    """Frames on no grid and on one of a millimetre; some raw points a millimetre off their places."""
    cloud = small_turn(table)
    voxels = np.rint(cloud.xyz.astype(np.float64) * 1000)
    voxels[::40, 2] += 1
    off = (voxels / 1000).astype(np.float32)
    near = moved(pcc.PointCloud(off, cloud.fields))
    flags = [
        *check(pcc.encode(near, order="keep"), {program.digest: file}),
        *check(pcc.encode(near, voxel_size=0.001), {program.digest: file}),
        *check(pcc.encode(pcc.PointCloud(off, cloud.fields)), {program.digest: file}),
    ]
    assert np.bitwise_or.reduce(flags) == 15


def test_orders(program, file, installed, table, rng):  # noqa: F811
    """All bases."""
    cloud = small_turn(table, 60, off_lattice=5)
    ring, time = cloud.fields["ring"].astype(int), cloud.fields["time"]
    orders = [rng.permutation(len(cloud)), np.lexsort((time, ring)), np.lexsort((time, -ring))]
    orders += [np.lexsort((ring, time)), np.lexsort((-ring, time))]
    bases = set()
    for rows in orders:
        shuffled = pcc.PointCloud(cloud.xyz[rows], {name: values[rows] for name, values in cloud.fields.items()})
        stream = pcc.encode(shuffled, order="keep")
        check(stream, {program.digest: file})
        bases |= {chunk.payload[0] for chunk in frame_chunks(stream, frame_spans(stream)[0]) if chunk.tag == b"O"}
    assert bases >= {1, 2, 3, 4}


def test_fields(program, file, installed, table, rng):  # noqa: F811
    """Levels of eight bits, functions of laser and column, and others."""
    cloud = small_turn(table, 60, off_lattice=3)
    fields = {
        "label": rng.integers(0, 30, len(cloud)).astype(np.uint32),
        "intensity": rng.integers(0, 256, len(cloud)).astype(np.uint8),
        "ring": cloud.fields["ring"].astype(np.uint16),
        "time": cloud.fields["time"],
    }
    check(pcc.encode(pcc.PointCloud(cloud.xyz, fields), order="keep"), {program.digest: file})


@pytest.mark.parametrize(("lasers", "range_step", "radial"), [(3, 1, False), (40, 16, True)])
def test_other_sensors(program, file, installed, lasers, range_step, radial):  # noqa: F811
    """Given tables, embedded; blocks of more than 2048 points."""
    sensor = small_table(lasers, 4000, range_step, seed=lasers, radial=radial)
    cloud = small_turn(sensor, 250)
    assert check(pcc.encode(cloud, sensor=sensor), {program.digest: file})[0] & 1


def test_a_table_in_another_frame(program, file, installed, table):  # noqa: F811
    stream = pcc.append(pcc.encode(small_turn(table, seed=1)), small_turn(table, seed=2))
    assert check(stream, {program.digest: file}, number=1)[0] & 1 == 0
    start, end = frame_spans(stream)[1]
    alone = join([stream[start:end]])
    with pytest.raises(LookupError):
        written_frame.read(alone, {program.digest: file}, [])
    arrays = (values.tolist() for values in (table.slope, table.offset, table.shift))
    known = Table(table.steps, table.range_step, int(table.radial), *arrays)
    assert known.digest == table.digest
    assert known.max_index == table.max_index
    check(alone, {program.digest: file}, [known])


def test_floats_beside_an_octree(rng):
    xyz = rng.normal(0, 5, (300, 3)).astype(np.float32)
    cloud = pcc.PointCloud(np.concatenate([xyz, xyz[:20]]), {"label": np.arange(320, dtype=np.uint16)})
    check(pcc.encode(cloud, order="keep", model="adaptive"), {})


def test_damage_is_found(program, file, installed, table, rng):  # noqa: F811
    """Both decoders take the same damaged chunks, and give the same where they take one."""
    cloud = small_turn(table, 40, off_lattice=4)
    stream = pcc.encode(cloud, order="keep")
    chunks = [(chunk.tag, bytes(chunk.payload)) for chunk in frame_chunks(stream, frame_spans(stream)[0])]
    rejected = 0
    for number, (tag, payload) in enumerate(chunks):
        for _ in range(3 if tag != b"H" else 0):
            damaged = bytearray(payload)
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
            changed = [*chunks[:number], (tag, bytes(damaged)), *chunks[number + 1 :]]
            data = join([b"".join(write_chunk(*chunk) for chunk in changed)])
            try:
                expected = pcc.decode(data)
            except pcc.errors.PccError:
                with pytest.raises(REJECTED):
                    written_frame.read(data, {program.digest: file}, [])
                rejected += 1
            else:
                assert written_frame.read(data, {program.digest: file}, [])[0].tobytes() == expected.xyz.tobytes()
    assert rejected > 8
