"""This package's own codec as a cell of an evaluation, through the public ``pcc.encode`` and ``pcc.decode``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pcc
from pcc.anchors import Anchor, Setting
from pcc.pointcloud import PointCloud


class PccCodec(Anchor):
    """``pcc`` with one model.

    Args:
        model: a name ("dense", "lidar", "auto") or the path of an exported model.
        label: the name in tables; None builds one from the model.
    """

    package = "pcc-codec"

    def __init__(self, model: str = "auto", label: str | None = None) -> None:
        self.model = model
        self.name = label or f"pcc-{Path(model).stem}"

    def compress(self, cloud: PointCloud, setting: Setting) -> bytes:
        return pcc.encode(
            cloud,
            model=self._exported() or self.model,
            voxel_size=setting.voxel_size,
            max_error=setting.max_error,
            fields=setting.fields,
            duplicates=setting.duplicates,
        )

    def decompress(self, data: bytes) -> PointCloud:
        return pcc.decode(data, model=self._exported())

    def _exported(self) -> Any:
        """The program in the file ``model``; None where it is a name. Loaded in each process: it is not pickled."""
        if not Path(self.model).is_file():
            return None
        from pcc.inference.program import Program

        return Program.load(self.model)
