"""What decoding costs, counted before it is done: a purse, and the prices of all that a stream can ask for.

A hostile file of a hundred bytes can declare millions of voxels, or columns of one value: neither bytes nor counts
bound the time. So everything is paid for in one coin, a *node*: an octree's node that a network codes, which takes a
core 3 microseconds with AVX2, and at most half a kilobyte. The prices of the other things keep to that or stay below;
they are measured, not promised (docs/limits.md).
"""

from __future__ import annotations

from pcc.codec.limits import Limits, nodes_of
from pcc.errors import LimitExceeded

NODE_BYTES = 1024  # of memory, for a node: what voxels, points and fields take
FRAME, LEVEL, PASS = 64, 48, 4  # however little there is in them
LINKS = 16  # neighbours of nodes, themselves included
ADAPTIVE_NODES = 8
LOOKS = 16  # cells that are passed over
STEPS = 16  # azimuth steps of a sensor, and firing columns
FIELD_COST = 8  # bytes for a byte of a field
FLOAT_BYTES, ORDER_BYTES, COUNT_BYTES = 128, 64, 32  # for a point of `F`, a point of `O`, a voxel of `M`
EXACT_BYTES, LOW_BYTES = 512, 256  # for a point of `E`, and of `W`
APART_BYTES = 128  # for a point that has no cell in a lattice


class Work:
    """A purse.

    Args:
        limit: what is in it, in nodes.
        num_bytes: what it is for: the bytes of a frame or a file.
        whole: another that pays as well, that of the file.
    """

    def __init__(self, limit: int, num_bytes: int, whole: Work | None = None) -> None:
        self.limit, self.num_bytes, self.whole = limit, num_bytes, whole
        self.spent = 0.0

    @classmethod
    def of(cls, num_bytes: int, limits: Limits, whole: Work | None = None) -> Work:
        """For a frame or a file of so many bytes."""
        return cls(nodes_of(num_bytes) if limits.max_nodes is None else limits.max_nodes, num_bytes, whole)

    def spend(self, nodes: float) -> None:
        """Pay.

        Raises:
            LimitExceeded: it is too much.
        """
        self.spent += nodes
        if self.spent > self.limit:
            raise LimitExceeded(
                f"nodes: {self.num_bytes:,} bytes ask for the work of {self.spent:,.0f} at least, the limit is "
                f"{self.limit:,} (--max-nodes or Limits.max_nodes; docs/limits.md)"
            )
        if self.whole is not None:
            self.whole.spend(nodes)

    def level(self, num_nodes: int, num_passes: int) -> None:
        """A level of an octree, by a network of so many passes; 0: without one."""
        nodes = num_nodes + PASS * num_passes if num_passes else num_nodes / ADAPTIVE_NODES
        self.spend(LEVEL + nodes)

    def links(self, num_links: int) -> None:
        """The neighbours of a level's nodes, where a network sees them."""
        self.spend(num_links / LINKS)

    def cells(self, num_cells: int) -> None:
        """Cells of a lattice, or points in them whose reflectance a network codes."""
        self.spend(num_cells)

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
