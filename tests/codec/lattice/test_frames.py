"""decode(encode(cloud)) = cloud as a multiset; in order and to the last bit of a float where that is asked for."""

import hashlib

import numpy as np
import pytest

import pcc
from pcc.codec import container
from pcc.codec.container import FIELD, FLOATS, LATTICE, ORDER, frame_chunks, frame_spans
from pcc.codec.info import describe
from pcc.errors import CorruptStream, InvalidSensor, LimitExceeded, ModelMismatch, PccError
from tests.sensors.tables import small_table
from tests.sensors.turns import moved, small_turn


def multiset(cloud):
    columns = [*cloud.xyz.T, *cloud.fields.values()]
    order = np.lexsort([np.ascontiguousarray(c).view(f"u{c.itemsize}") for c in map(np.ascontiguousarray, columns)])
    return [np.ascontiguousarray(c)[order].tobytes() for c in columns]


def identical(a, b):
    return a.xyz.tobytes() == b.xyz.tobytes() and all(a.fields[n].tobytes() == b.fields[n].tobytes() for n in a.fields)


def tags(stream):
    return b"".join(chunk.tag for span in frame_spans(stream) for chunk in frame_chunks(stream, span))


@pytest.mark.parametrize("off_lattice", [0, 1, 40])
def test_lossless(isa, threads, installed, table, off_lattice):
    cloud = small_turn(table, off_lattice=off_lattice)
    stream = pcc.encode(cloud)
    assert tags(stream) == b"HLRBBD"
    back = pcc.decode(stream)
    assert multiset(back) == multiset(cloud)
    assert list(back.fields) == list(cloud.fields)
    (info,) = describe(stream)
    assert info.lattice is not None
    assert info.lattice.num_apart >= off_lattice
    assert not info.header.quantized


def test_streams_do_not_depend_on_the_machine(isa, threads, installed, table):
    """One digest for all instruction sets and numbers of threads, of small frames and of larger ones."""
    for columns in (40, 700):
        cloud = small_turn(table, columns, off_lattice=7)
        stream = pcc.encode(cloud, order="keep")
        digest = hashlib.sha256(stream).hexdigest()
        assert SEEN.setdefault(columns, digest) == digest
        assert identical(pcc.decode(stream), cloud)


SEEN: dict[int, str] = {}


@pytest.mark.parametrize("shuffled", [False, True])
def test_order(installed, table, rng, shuffled):
    cloud = small_turn(table, off_lattice=5)
    if shuffled:
        rows = rng.permutation(len(cloud))
        cloud = pcc.PointCloud(cloud.xyz[rows], {name: values[rows] for name, values in cloud.fields.items()})
    plain, kept = pcc.encode(cloud), pcc.encode(cloud, order="keep")
    assert ORDER in [bytes([tag]) for tag in tags(kept)]
    assert identical(pcc.decode(kept), cloud)
    assert (len(kept) - len(plain) < 250) != shuffled


@pytest.mark.parametrize("max_error", [0.002, 0.008, 0.032, 0.25])
def test_bounds_hold(installed, table, max_error):
    cloud = small_turn(table, off_lattice=20)
    stream = pcc.encode(cloud, max_error=max_error, order="keep")
    back = pcc.decode(stream)
    assert len(back) == len(cloud)
    assert np.linalg.norm(back.xyz.astype(float) - cloud.xyz.astype(float), axis=1).max() <= max_error
    assert multiset(pcc.PointCloud(np.zeros_like(cloud.xyz), back.fields)) == multiset(
        pcc.PointCloud(np.zeros_like(cloud.xyz), cloud.fields)
    )
    (info,) = describe(stream)
    assert info.lattice.group > 1 or max_error < 0.003
    assert len(stream) < len(pcc.encode(cloud, order="keep"))


def test_one_point_a_voxel(installed, table, rng):
    """The first of those at a place, with its fields; as in the octree."""
    cloud = small_turn(table, off_lattice=5)
    rows = rng.permutation(np.concatenate([np.arange(len(cloud)), rng.choice(len(cloud), 300)]))
    numbers = {"number": np.arange(len(rows), dtype=np.uint16)}
    twice = pcc.PointCloud(cloud.xyz[rows], numbers | {name: values[rows] for name, values in cloud.fields.items()})
    stream = pcc.encode(twice, duplicates="merge", order="keep")
    (info,) = describe(stream)
    assert info.lattice is not None
    assert info.header.num_merged == len(twice) - len(np.unique(cloud.xyz, axis=0))
    octree = pcc.decode(pcc.encode(twice, duplicates="merge", order="keep", sensor="none"))
    assert identical(pcc.decode(stream), octree)
    assert describe(pcc.encode(twice, duplicates="merge", max_error=0.1))[0].lattice is None


@pytest.mark.parametrize("order", ["any", "keep"])
def test_points_without_a_position_stay_beside_the_lattice(installed, table, order):
    """multiset(decode(encode(cloud))) = multiset(cloud), NaN and all; in order where that is kept; fields too."""
    cloud = small_turn(table)
    xyz = cloud.xyz.copy()
    xyz[7, 1], xyz[20:24] = np.nan, np.inf
    cloud = pcc.PointCloud(xyz, {"ring": np.arange(len(xyz)) % 16, "intensity": np.arange(len(xyz)) % 50})
    stream = pcc.encode(cloud, model=installed, order=order)
    assert tags(stream)[:3] == b"HLX"
    back = pcc.decode(stream)
    assert multiset(back) == multiset(cloud)
    if order == "keep":
        assert identical(back, cloud)


def test_no_returns_at_the_origin_stay_beside_the_lattice(installed, table):
    """Points at (0, 0, 0) count neither for nor against a lattice, and cost next to nothing."""
    cloud = small_turn(table)
    few, many = (pcc.PointCloud(np.concatenate([cloud.xyz, np.zeros((n, 3), np.float32)])) for n in (1, 4000))
    streams = [pcc.encode(c) for c in (few, many)]
    assert all(describe(stream)[0].lattice is not None for stream in streams)
    assert multiset(pcc.decode(streams[1])) == multiset(many)
    assert len(streams[1]) <= len(streams[0]) + 20


def test_coarse_positions_alone_may_be_an_octree(installed, table):
    """Whichever is smaller; within the bound either way."""
    cloud = small_turn(table)
    stream = pcc.encode(cloud, max_error=0.5, fields="none")
    assert describe(stream)[0].lattice is None
    assert len(stream) < len(pcc.encode(cloud, max_error=0.5, fields="none", model=installed))
    away = np.linalg.norm(cloud.xyz[:, None].astype(float) - pcc.decode(stream).xyz.astype(float), axis=2)
    assert away.min(1).max() <= 0.5


@pytest.mark.parametrize("max_error", [0.008, 0.1])
def test_bounds_hold_of_positions_on_no_grid(installed, table, max_error):
    cloud = moved(small_turn(table))
    back = pcc.decode(pcc.encode(cloud, max_error=max_error, order="keep"))
    assert np.linalg.norm(back.xyz.astype(float) - cloud.xyz.astype(float), axis=1).max() <= max_error


def test_motion_is_undone(installed, table):
    """Voxels of a millimetre are those of the cloud, whichever way they came about."""
    cloud = moved(small_turn(small_of(table), 300))
    stream = pcc.encode(cloud, voxel_size=0.001, order="keep")
    (info,) = describe(stream)
    assert info.lattice.moved
    want = np.floor(cloud.xyz.astype(np.float64) * 1000 + 0.5)
    np.testing.assert_array_equal(np.rint(pcc.decode(stream).xyz.astype(np.float64) * 1000), want)


def small_of(table):
    return table


def test_floats_to_the_last_bit(installed, table):
    cloud = moved(small_turn(table))
    stream = pcc.encode(cloud, order="keep")
    assert FLOATS in [bytes([tag]) for tag in tags(stream)]
    assert identical(pcc.decode(stream), cloud)


def test_floats_of_any_cloud(rng):
    """Without a sensor, beside voxels of an octree."""
    xyz = rng.normal(0, 5, (300, 3)).astype(np.float32)
    xyz[:3] = [[0.0, -0.0, 1e-42], [1e-8, -3e-5, 0.0005], [-1.5, 2.25, 1000.125]]
    cloud = pcc.PointCloud(xyz, {"label": np.arange(300, dtype=np.uint16)})
    stream = pcc.encode(cloud, order="keep", model="adaptive")
    assert LATTICE not in [bytes([tag]) for tag in tags(stream)]
    assert identical(pcc.decode(stream), cloud)


def test_integers(installed, table):
    """Millimetres as integers are taken for what they are."""
    cloud = small_turn(table)
    whole = pcc.PointCloud(np.rint(cloud.xyz.astype(np.float64) * 1000).astype(np.int32), cloud.fields)
    stream = pcc.encode(whole, order="keep")
    assert describe(stream)[0].lattice is not None
    assert identical(pcc.decode(stream), whole)


def test_other_fields_travel_along(installed, table, rng):
    cloud = small_turn(table)
    n = len(cloud)
    fields = {
        "label": rng.integers(0, 30, n).astype(np.uint32),
        "intensity": rng.integers(0, 256, n).astype(np.uint8),  # eight bits: the lowest beside the network
        "rgb": rng.integers(0, 256, (n, 3)).astype(np.uint8),
        "ring": cloud.fields["ring"].astype(np.uint16),
        "flag": rng.random(n) < 0.5,
    }
    cloud = pcc.PointCloud(cloud.xyz, fields)
    stream = pcc.encode(cloud, order="keep")
    assert tags(stream) == b"HLARABAOD"
    assert identical(pcc.decode(stream), cloud)


@pytest.mark.parametrize("values", [[-1.0], [0.5, np.nan], [300.0], [0.123456]])
def test_intensities_that_are_no_levels(installed, table, values):
    cloud = small_turn(table)
    intensity = np.resize(np.array(values, np.float32), len(cloud))
    cloud = pcc.PointCloud(cloud.xyz, {"intensity": intensity})
    stream = pcc.encode(cloud, order="keep")
    assert FIELD in [bytes([tag]) for tag in tags(stream)] or b"B" in tags(stream)
    assert identical(pcc.decode(stream), cloud)


def test_duplicates(installed, table):
    """Twice the same point is two points, the second without a cell."""
    cloud = small_turn(table)
    twice = pcc.PointCloud(
        np.concatenate([cloud.xyz, cloud.xyz[:50]]),
        {name: np.concatenate([values, values[:50]]) for name, values in cloud.fields.items()},
    )
    stream = pcc.encode(twice, order="keep")
    assert describe(stream)[0].lattice.num_apart >= 50
    assert identical(pcc.decode(stream), twice)


def test_a_stream_carries_the_table_once(installed, table, tmp_path, monkeypatch):
    """And decodes where the sensor is not known."""
    clouds = [small_turn(table, seed=seed) for seed in range(3)]
    stream = pcc.encode(clouds[0])
    for cloud in clouds[1:]:
        stream = pcc.append(stream, cloud)
    sizes = [end - start for start, end in frame_spans(stream)]
    assert sizes[0] - max(sizes[1:]) > 150
    monkeypatch.setenv("PCC_SENSOR_PATH", str(tmp_path / "nowhere"))
    for cloud, back in zip(clouds, pcc.decode_frames(stream), strict=True):
        assert multiset(back) == multiset(cloud)
    start, end = frame_spans(stream)[1]
    with pytest.raises(InvalidSensor, match="the stream needs the sensor"):
        pcc.decode(stream[:15] + stream[start:end])


@pytest.mark.parametrize("sensor", ["none", "hdl64e-kitti"])
def test_where_no_sensor_fits_it_is_an_octree(installed, table, sensor):
    cloud = small_turn(table)
    assert LATTICE not in [bytes([tag]) for tag in tags(pcc.encode(cloud, sensor=sensor))]
    with pytest.raises(InvalidSensor):
        pcc.encode(cloud, sensor=sensor, model=installed)


def test_a_sensor_that_is_given(installed, table):
    other = small_table(16, 900, seed=5)
    cloud = small_turn(other)
    assert LATTICE not in [bytes([tag]) for tag in tags(pcc.encode(cloud))]
    stream = pcc.encode(cloud, sensor=other)
    assert multiset(pcc.decode(stream)) == multiset(cloud)


def test_wrong_arguments(installed, table):
    cloud = small_turn(table)
    with pytest.raises(ValueError, match="order: expected"):
        pcc.encode(cloud, order="sorted")
    with pytest.raises(ValueError, match="duplicates"):
        pcc.encode(cloud, model=installed, duplicates="merge", max_error=0.1)
    with pytest.raises(InvalidSensor, match="no sensor named 'mine'"):
        pcc.encode(cloud, sensor="mine")


def test_damage_is_found(installed, table, rng):
    """Any byte, wherever its checksum is set right again, gives our own error or the same cloud."""
    cloud = small_turn(table, 40, off_lattice=4)
    stream = pcc.encode(cloud, order="keep")
    for at in rng.choice(np.arange(15, len(stream)), 60, replace=False):
        damaged = bytearray(stream)
        damaged[at] ^= 1 << rng.integers(8)
        with pytest.raises((CorruptStream, LimitExceeded, ModelMismatch, InvalidSensor)):
            pcc.decode(bytes(damaged))


def test_damage_behind_right_checksums(installed, table, rng):
    """Our own error, or the same cloud: the digest covers what is decoded, and some bits change nothing of it."""
    cloud = small_turn(table, 40, off_lattice=4)
    (span,) = frame_spans(stream := pcc.encode(cloud, order="keep"))
    chunks = [(chunk.tag, bytes(chunk.payload)) for chunk in frame_chunks(stream, span)]
    found = 0
    for number, (tag, payload) in enumerate(chunks):
        for _ in range(25 if tag != b"H" else 0):  # a frame's header has bits that mean nothing to its points
            damaged = bytearray(payload)
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
            changed = [*chunks[:number], (tag, bytes(damaged)), *chunks[number + 1 :]]
            frame = b"".join(container.write_chunk(*chunk) for chunk in changed)
            try:
                assert identical(pcc.decode(container.join([frame])), cloud)
            except PccError:
                found += 1
    assert found > 100


def test_truncated(installed, table):
    stream = pcc.encode(small_turn(table, 40))
    for size in [*range(0, 60), *range(60, len(stream), 97)]:
        with pytest.raises(PccError):
            pcc.decode(stream[:size])


def test_reflectances_that_a_model_codes_badly_are_columns(program, table, monkeypatch):
    monkeypatch.setenv("PCC_MODEL_PATH", str(program.path.parent))  # untrained: worse than any statistics
    cloud = small_turn(table)
    stream = pcc.encode(cloud, order="keep")
    assert tags(stream) == b"HLABBOD"
    assert identical(pcc.decode(stream), cloud)


def test_kitti(shared_data, tmp_path):
    """With the model that ships: small, lossless, in the order of the file."""
    frames = unpacked(shared_data, tmp_path)
    cloud = pcc.read_points(frames)
    stream = pcc.encode(cloud, order="keep")
    (info,) = describe(stream)
    assert info.lattice.sensor == "hdl64e-kitti"
    assert info.lattice.num_apart == 0
    assert info.geometry_bpp < 7.2
    assert identical(pcc.decode(stream), cloud)


def unpacked(shared_data, folder):
    import subprocess
    import sys

    subprocess.run([sys.executable, shared_data / "unpack.py", folder, "kitti_detection_000001*"], check=True)
    return next(folder.rglob("000001.bin"))


@pytest.mark.parametrize("nodes", [64, 200, 6500, 7900, 14_000])
def test_work_is_limited(installed, table, nodes):
    """16 lasers by 90 columns ask for 6144 + 1440 nodes of cells, about as many of reflectances, and some more."""
    stream = pcc.encode(small_turn(table), order="keep")
    with pytest.raises(LimitExceeded, match=f"the limit is {nodes:,}"):
        pcc.decode(stream, limits=pcc.Limits(max_nodes=nodes))
    assert len(pcc.decode(stream, limits=pcc.Limits(max_nodes=16_000))) > 1000
