"""This package's own codec as a cell of an evaluation, through the public ``pcc.encode`` and ``pcc.decode``."""

from __future__ import annotations

from pathlib import Path

import pcc
from pcc.anchors import Anchor, Setting
from pcc.anchors.base import Cost
from pcc.codec.info import describe
from pcc.codec.octree import count_macs
from pcc.geometry.voxels import voxelize
from pcc.inference.program import Program
from pcc.inference.registry import find_model, find_model_by_digest
from pcc.pointcloud import PointCloud


class PccCodec(Anchor):
    """``pcc`` with one model.

    Args:
        model: a name ("dense", "lidar", "auto", "adaptive") or the path of an exported model.
        label: the name in tables; None builds one from the model.
    """

    package = "pcc-codec"

    def __init__(self, model: str = "auto", label: str | None = None) -> None:
        self.model = model
        self.name = label or f"pcc-{Path(model).stem}"

    def compress(self, cloud: PointCloud, setting: Setting) -> bytes:
        return pcc.encode(
            cloud,
            model=self._program() or self.model,
            voxel_size=setting.voxel_size,
            max_error=setting.max_error,
            fields=setting.fields,
            duplicates=setting.duplicates,
        )

    def decompress(self, data: bytes) -> PointCloud:
        return pcc.decode(data, model=self._program())

    def cost(self, cloud: PointCloud, setting: Setting, data: bytes) -> Cost:
        """Of the model that the stream names, over the levels that need it."""
        frame = describe(data)[0]
        if frame.model_digest is None:
            return Cost(0, 0.0)
        program = self._program() or find_model_by_digest(frame.model_digest)
        voxels = voxelize(cloud.xyz, voxel_size=setting.voxel_size, max_error=setting.max_error)
        macs = count_macs(voxels.codes, voxels.depth, program, frame.level_offset, frame.adaptive)
        return Cost(program.num_parameters, macs / 1000 / len(cloud))

    def _program(self) -> Program | None:
        """The program in the file ``model``; None where it is a name. Loaded in each process: it is not pickled."""
        return find_model(self.model) if Path(self.model).is_file() else None
