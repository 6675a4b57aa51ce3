"""What decoding costs, counted before it is done: a purse, and the prices of all that a stream can ask for.

A hostile file of a hundred bytes can declare millions of voxels, or columns of one value: neither bytes nor counts
bound the time. So everything is paid for in one coin, a *node*: an octree's node that a network codes, which takes a
core 3 microseconds with AVX2, and at most half a kilobyte. The prices of the other things are such that a node of them
takes 2 microseconds at most; they are measured, not promised (docs/limits.md). Bytes ask for these less than for
networks, which are what bytes are for: all that is not a network's is plain work, of which there may be less.
"""

from __future__ import annotations

from pcc.codec.limits import Limits, nodes_of, plain_nodes_of
from pcc.errors import LimitExceeded

NODE_BYTES = 1024  # of memory, for a node: what voxels, points and fields take
FRAME, LEVEL, PASS, COLUMN, CELLS = 64, 48, 8, 48, 6144  # however little there is in them
LINKS = 16  # neighbours of nodes, themselves included
ADAPTIVE_NODES = 8
LOOKS = 16  # cells that are passed over
STEPS = 16  # azimuth steps of a sensor, and firing columns
FIELD_COST = 8  # bytes for a byte of a field
FLOAT_BYTES, ORDER_BYTES, COUNT_BYTES = 128, 64, 32  # for a point of `F`, a point of `O`, a voxel of `M`
EXACT_BYTES, LOW_BYTES = 768, 256  # for a point of `E`, and of `W`
APART_BYTES = 128  # for a point that has no cell in a lattice
RAW_COST = 8  # bytes for a byte of `X`


class Work:
    """A purse.

    Args:
        limit: what is in it, in nodes.
        num_bytes: what it is for: the bytes of a frame or a file.
        whole: another that pays as well, that of the file.
        plain_limit: what of it is for plain work; None: all.
    """

    def __init__(self, limit: int, num_bytes: int, whole: Work | None = None, plain_limit: int | None = None) -> None:
        self.limit, self.num_bytes, self.whole = limit, num_bytes, whole
        self.plain_limit = limit if plain_limit is None else plain_limit
        self.spent, self.plain = 0.0, 0.0

    @classmethod
    def of(cls, num_bytes: int, limits: Limits, whole: Work | None = None) -> Work:
        """For a frame or a file of so many bytes."""
        if limits.max_nodes is not None:
            return cls(limits.max_nodes, num_bytes, whole)
        return cls(nodes_of(num_bytes), num_bytes, whole, plain_nodes_of(num_bytes))

    def spend(self, nodes: float, *, network: bool = False) -> None:
        """Pay, for a network's work or for plain work.

        Raises:
            LimitExceeded: it is too much.
        """
        self.spent += nodes
        self.plain += 0 if network else nodes
        self._check(self.spent, self.limit)
        self._check(self.plain, self.plain_limit)
        if self.whole is not None:
            self.whole.spend(nodes, network=network)

    def _check(self, nodes: float, limit: int) -> None:
        if nodes > limit:
            raise LimitExceeded(
                f"nodes: {self.num_bytes:,} bytes ask for the work of {nodes:,.0f} at least, the limit is "
                f"{limit:,} (--max-nodes or Limits.max_nodes; docs/limits.md)"
            )

    def level(self, num_nodes: int, num_passes: int) -> None:
        """A level of an octree, by a network of so many passes; 0: without one."""
        nodes = num_nodes + PASS * num_passes if num_passes else num_nodes / ADAPTIVE_NODES
        self.spend(LEVEL + nodes, network=num_passes > 0)

    def links(self, num_links: int) -> None:
        """The neighbours of a level's nodes, where a network sees them."""
        self.spend(num_links / LINKS, network=True)

    def cells(self, num_cells: int) -> None:
        """Cells of a lattice, or points in them whose reflectance a network codes."""
        self.spend(CELLS + num_cells, network=True)

    def columns(self, num_columns: int) -> None:
        """Columns of fields, besides the memory of what is in them."""
        self.spend(COLUMN * num_columns)

    def steps(self, num_steps: int) -> None:
        """A turn of so many azimuth steps, or firing columns."""
        self.spend(num_steps / STEPS)

    def memory(self, num_bytes: int) -> None:
        """Arrays of values, and what it takes to make them."""
        self.spend(num_bytes / NODE_BYTES)


def position_bytes(num_points: int, num_voxels: int, itemsize: int) -> int:
    """Codes and coordinates of voxels, and of points where voxels hold several."""
    voxels, points = (8 + 3 * itemsize) * num_voxels, (8 + 3 * itemsize) * num_points
    return points if num_points == num_voxels else points + voxels + COUNT_BYTES * num_voxels
