"""The one loop over the levels of an octree: training, encoding and decoding all run it.

    root -> features -> occupancy, step by step through the coder -> absorb -> children -> features -> ...

A level may be coded without the network instead (`pcc.codec.fallback`); where none of those to come needs it, it rests.
Of the last levels not all may be coded (`pcc.codec.inferred`).

What differs is handed in. The network gives distributions (the integer program of `pcc.inference`, or the float network
in training); the coder takes a distribution and symbols, or None, and returns the symbols (`pcc.entropy.coders`). So
an encoder and its decoder cannot drift apart. The walk knows neither bytes nor files. It may stop above the leaves, and
go on from there in more than one way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pcc.codec.fallback import ChosenLevels, Fallback
from pcc.codec.inferred import Inferred
from pcc.codec.work import Work
from pcc.errors import CorruptStream
from pcc.geometry.octree import Level, child_level, root_level
from pcc.inference.lossy import whole_scale


class Step(Protocol):
    """Some decisions of a level that are coded together."""

    def code(self, coder: Any, known: bool) -> None:
        """Code them, taken from known occupancies, or decode them into the occupancies."""


class Network(Protocol):
    """What the walk asks of a network; feats and views are opaque to it.

    Attributes:
        lossy_scale: the first scale of levels of which not all is coded, or None: it knows none.
        num_passes: of a level; the steps of such levels.
    """

    lossy_scale: int | None
    num_passes: int

    def view(self, level: Level) -> Any:
        """The level in the form that the network works on."""

    def num_links(self, view: Any) -> int:
        """How many neighbours the level's nodes have together, themselves included."""

    def features(self, feats: Any | None, view: Any, scale: int) -> Any:
        """Features of a level's nodes from their parents' (None at the root)."""

    def steps(
        self, feats: Any, view: Any, occupancy: Any, scale: int, known: bool, target: Any = None
    ) -> Iterable[Step]:
        """The decisions of the level, in coding order.

        Args:
            known: all of ``occupancy`` is given already.
            target: what ``occupancy`` should become, where not all of it is coded and it is not the decoder's.
        """

    def absorb(self, feats: Any, view: Any, occupancy: Any, scale: int) -> Any:
        """Features that know the level's occupancies, for the children."""


@dataclass(frozen=True, eq=False)
class Front:
    """A level that a walk has coded, the last so far.

    Attributes:
        level, occupancy: its children are the next level, or the leaves.
        feats, view, scale: what the network has of the level; feats and view are None where it rests.
    """

    level: Level
    occupancy: np.ndarray
    feats: Any
    view: Any
    scale: int


def walk(
    network: Network | None,
    coder: Any,
    depth: int,
    *,
    level_offset: int = 0,
    known: Sequence[np.ndarray] | None = None,
    num_roots: int = 1,
    max_leaves: int | None = None,
    fallback: Fallback | None = None,
    inferred: Inferred | None = None,
    front: Front | None = None,
    work: Work | None = None,
) -> Front:
    """Code all levels of an octree, root first.

    Args:
        network: gives the distributions; None where the fallback codes all levels.
        coder: codes or decodes the decisions; what the network's steps ask of it (`pcc.entropy.coders`).
        depth: number of levels, at least 1.
        level_offset: added to the levels to go; says how large the leaves are (docs/bitstream.md).
        known: occupancies (N,) uint8 of every level that is coded whole, root first; None decodes them.
        num_roots: clouds coded side by side (training).
        max_leaves: no level may have more nodes; a decoder's guard against hostile streams.
        fallback: which levels are coded without the network; None: none of them.
        inferred: of which levels not all is coded, the last ones; None: of none.
        front: the levels down to this one are coded already, by a coder with the same calls; it does not change.
        work: pays for every level before it is made; a decoder's other guard.

    Returns:
        The last level; its children are the leaves. Where the fallback ends the octree: the level that it took back.

    Raises:
        CorruptStream: a level outgrew ``max_leaves``, or a decoded node has no children.
        LimitExceeded: a level costs more than there is.
        ValueError: depth is below 1.
    """
    if depth < 1:
        raise ValueError(f"depth: expected at least 1, got {depth}")
    fallback = fallback or ChosenLevels(coder, 0, depth)
    own = False  # a front that was given does not change
    for d in range(0 if front is None else front.level.depth + 1, depth):
        scale, partly = depth - d + level_offset, inferred is not None and inferred.has(depth - d)
        given = known is not None and not partly
        active = network if fallback.network_ahead(d) else None
        if work is not None:
            num_nodes = num_roots if front is None else _num_children(front.occupancy)
            work.level(num_nodes, 0 if active is None else active.num_passes)
        level, feats, view = *_below(active, front, num_roots, consume=own), None
        front, own = None, True  # the level above takes 108 bytes per node for its neighbours alone
        occupancy = known[d] if known is not None and given else np.zeros(len(level.codes), np.uint8)
        if active is not None:
            if inferred is not None and partly:
                scale = inferred.scale(active, scale, depth - d)
            else:
                scale = whole_scale(scale, active.lossy_scale)
            view = active.view(level)
            if work is not None:
                work.links(active.num_links(view))
            feats = active.features(feats, view, scale)
            if inferred is not None and partly:
                inferred.code(active, coder, feats, view, level, occupancy, scale, depth - d)
            elif fallback.network_codes(d):
                fallback.begin(d)
                for step in active.steps(feats, view, occupancy, scale, given):
                    step.code(coder, given)
        if not partly:
            fallback.code(level, occupancy, given)
            if fallback.ended():
                return Front(level, occupancy, feats, view, scale)
        if not given and not occupancy.all():
            raise CorruptStream(f"geometry: level {d} has a node without children")
        if max_leaves is not None and _num_children(occupancy) > max_leaves:
            raise CorruptStream(
                f"geometry: level {d + 1} has more than the {max_leaves} voxels that the stream declares"
            )
        front = Front(level, occupancy, feats, view, scale)
    assert front is not None
    return front


def _num_children(occupancy: np.ndarray) -> int:
    return int(np.bitwise_count(occupancy).sum())


def _below(network: Network | None, front: Front | None, num_roots: int, consume: bool) -> tuple[Level, Any]:
    """The next level, and what its parents know.

    Args:
        consume: the front is needed no more.
    """
    if front is None:
        return root_level(num_roots), None
    feats = None if network is None else network.absorb(front.feats, front.view, front.occupancy, front.scale)
    return child_level(front.level, front.occupancy, consume=consume), feats
