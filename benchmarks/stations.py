"""The stations of lossless geometry: which calls of the codec they are, and what each must move or compute at least.

Bytes are compulsory traffic: every array that goes in is read once, every array that comes out is written once, however
often caches or passes make it more. Products are those of the integer layers, for neighbours that exist. Table rows are
the sums of context weights: a row of H int16 for every nibble of a neighbour's occupancy that is seen and not 0.

A station's time is its own: what a station within it takes is not counted twice. A part of a station is measured by a
replay, since the call does several things at once: the head with lists that are empty is its dense layers alone, and
the frequencies of a tree of decisions are the coder's tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pcc.ops.neighbour_lists import NeighbourLists
from pcc.ops.tables import tree_frequencies

Call = Callable[..., Any]
MAX_NODES = 1 << 27  # of a level; zeros take no memory until they are read
NOWHERE = np.zeros(MAX_NODES + 1, np.uint32)  # where the list of every node starts and ends
NO_BITS = np.zeros(MAX_NODES, np.uint8)
NUM_NIBBLES = np.array([(v & 15 != 0) + (v >> 4 != 0) for v in range(256)], np.uint8)


@dataclass(frozen=True)
class Work:
    """What a call must do at least."""

    num_bytes: int = 0
    products: int = 0
    table_bytes: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.num_bytes + other.num_bytes, self.products + other.products, self.table_bytes + other.table_bytes
        )


@dataclass(frozen=True)
class Part:
    """A part of a station: how to do it alone (after the call itself, its arguments), and its work as a station's."""

    name: str
    replay: Call
    work: Call


@dataclass(frozen=True)
class Station:
    """Some calls of the codec, by their names where it finds them.

    Attributes:
        work: (result, *args, **kwargs) -> Work of one call.
        part: measured by itself and taken from the rest; `rest` names what is left.
    """

    name: str
    calls: tuple[str, ...]
    work: Call
    part: Part | None = None
    rest: str = ""


def array_bytes(*values: Any) -> int:
    """Bytes of all arrays among some values, their attributes and items; an array that comes twice counts once."""
    found: dict[int, int] = {}

    def visit(value: Any) -> None:
        if isinstance(value, np.ndarray):
            found[id(value)] = value.nbytes
        elif isinstance(value, bytes):
            found[id(value)] = len(value)
        elif isinstance(value, list | tuple):
            for item in value:
                visit(item)
        elif type(value).__name__ in ("Level", "View", "NeighbourLists", "Voxels", "PointCloud"):
            for item in vars(value).values():
                visit(item)

    visit(values)
    return sum(found.values())


def moves(result: Any, *args: Any, **kwargs: Any) -> Work:
    """Work of a call that reads its arrays and writes others."""
    return Work(array_bytes(result, args, list(kwargs.values())))


def _nothing(*args: Any, **kwargs: Any) -> Work:
    return Work()


def _expand(out: np.ndarray, feats: np.ndarray | None, weights: np.ndarray, *rows: Any, **kwargs: Any) -> Work:
    products = 0 if feats is None else len(out) * weights[0].size
    return replace(moves(out, feats, weights, *rows), products=products)


def _convolve(out: np.ndarray, feats: np.ndarray, weights: np.ndarray, neighbours: np.ndarray, **kwargs: Any) -> Work:
    pairs = int(np.count_nonzero(neighbours >= 0))
    return replace(moves(out, feats, weights, neighbours, kwargs.get("residual")), products=pairs * weights[0].size)


def _absorb(
    out: np.ndarray, feats: np.ndarray, weights: np.ndarray, lists: NeighbourLists, occupancy: np.ndarray, **kwargs: Any
) -> Work:
    rows = int(NUM_NIBBLES[_entries_seen(lists, occupancy, 0, len(lists))[1]].sum())
    return replace(moves(out, feats, weights, lists, occupancy), table_bytes=rows * weights.shape[2] * 2)


def _entries_seen(lists: NeighbourLists, occupancy: np.ndarray, place: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Direction and occupancy of the listed neighbours of the nodes at places ``place`` to ``end - 1``."""
    entries = lists.entries[lists.begin[place] : lists.begin[end]]
    return entries >> 27, occupancy[entries & ((1 << 27) - 1)]


def _head_places(lists: NeighbourLists, options: dict[str, Any]) -> tuple[int, int]:
    listed = options.get("listed")
    listed = options["colour"] if listed is None else listed
    return lists.starts[listed], lists.starts[listed + 1]


def _head_context(
    out: np.ndarray, head: Any, feats: np.ndarray, lists: NeighbourLists, occupancy: np.ndarray, **options: Any
) -> Work:
    place, end = _head_places(lists, options)
    directions, seen = _entries_seen(lists, occupancy, place, end)
    masks = head.masks[options["first"] : options["first"] + len(options["bias1"]), options["colour"]]
    rows = sum(int(NUM_NIBBLES[seen & mask[directions]].sum()) for mask in masks)
    num_bytes = 4 * (end - place) + 4 * len(directions) + len(directions)  # begin, entries, occupancies
    return Work(num_bytes, 0, rows * head.hidden * 2)


def _head_dense(
    out: np.ndarray, head: Any, feats: np.ndarray, lists: NeighbourLists, occupancy: np.ndarray, **options: Any
) -> Work:
    groups, nodes = out.shape[:2]
    each = head.channels * head.hidden + head.hidden**2 + head.hidden * head.outputs
    return Work(nodes * (head.channels + 4) + out.nbytes, groups * nodes * each)


def _replay_dense(
    logits: Call, head: Any, feats: np.ndarray, lists: NeighbourLists, occupancy: np.ndarray, **options: Any
) -> None:
    none = replace(lists, begin=NOWHERE[: len(lists.begin)])
    logits(head, feats, none, occupancy, **options)


def _replay_tables(code: Call, coder: Any, logits: np.ndarray, certain: np.ndarray, values: np.ndarray | None) -> None:
    values = NO_BITS[: len(logits)] if values is None else values
    for bit in range(logits.shape[1].bit_length()):
        tree_frequencies(logits, values, certain, bit)


def _tables(values: np.ndarray, coder: Any, logits: np.ndarray, *rest: Any) -> Work:
    bits = logits.shape[1].bit_length()
    return Work(len(logits) * (logits.itemsize * bits + 1 + 2 * bits))  # a logit a bit, the value; frequencies


def _code_tree(values: np.ndarray, coder: Any, logits: np.ndarray, *rest: Any) -> Work:
    return Work(len(logits) * (2 * logits.shape[1].bit_length() + 1))


STATIONS = (
    Station("read", ("pcc.read_points",), moves),
    Station("voxelise", ("pcc.codec.encoder.voxelize",), moves),
    Station("sort", ("pcc.geometry.voxels.sort.radix_sort", "pcc.geometry.voxels.sort.unique"), moves),
    Station("octree up", ("pcc.codec.octree.occupancies",), moves),
    Station("octree down", ("pcc.geometry.octree.octree.children",), moves),
    Station("neighbours", ("pcc.geometry.octree.neighbours.child_neighbours",), moves),
    Station("lists", ("pcc.inference.program.neighbour_lists",), moves),
    Station("expand", ("pcc.inference.layers.conv_int8.expand",), _expand),
    Station("conv", ("pcc.inference.layers.conv_int8.forward",), _convolve),
    Station(
        "head",
        ("pcc.inference.layers.OccupancyHead.logits",),
        _head_context,
        Part("head: dense", _replay_dense, _head_dense),
        "head: context",
    ),
    Station("passes", ("pcc.inference.program.Step.code",), _nothing),
    Station("places", ("pcc.codec.octree.RansEncoder.tree",), _tables),
    Station(
        "tree",
        ("pcc.codec.octree.RansDecoder.tree",),
        _code_tree,
        Part("tables", _replay_tables, _tables),
        "coder",
    ),
    Station("calibrate", ("pcc.codec.octree.RansEncoder.calibrate_since",), _nothing),
    Station("coder: end", ("pcc.codec.octree.RansEncoder.finish",), moves),
    Station(
        "adaptive levels",
        (
            "pcc.codec.octree.RansEncoder.replace",
            "pcc.codec.octree.RansEncoder.adaptive",
            "pcc.codec.octree.RansDecoder.adaptive",
        ),
        moves,
    ),
    Station("absorb", ("pcc.inference.layers.occupancy_context.absorb",), _absorb),
    Station("digest", ("pcc.codec.encoder.decoded_digest", "pcc.codec.decoder.decoded_digest"), moves),
    Station("devoxelise", ("pcc.codec.decoder.devoxelize_codes",), moves),
    Station("write", ("pcc.write_points",), moves),
)
