"""This package's own codec as a cell of an evaluation, through the public ``pcc.encode`` and ``pcc.decode``."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

import pcc
from pcc import _ext
from pcc.anchors import Anchor, Setting
from pcc.anchors.base import Cost
from pcc.codec.info import FrameInfo, describe
from pcc.codec.octree import count_macs
from pcc.errors import InvalidCloud, LimitExceeded
from pcc.geometry.grid import codes_of
from pcc.geometry.voxels import voxelize
from pcc.inference.lattice_program import LatticeProgram
from pcc.inference.program import Program
from pcc.inference.registry import Model, find_model, find_model_by_digest, model_paths
from pcc.pointcloud import PointCloud

OWN = pcc.Limits(max_nodes=1 << 40)  # of streams made here, which may be lossy at any rate
_CODING = ("codec", "entropy", "geometry", "inference", "ops", "sensors")  # whose code decides the bytes and the times


class PccCodec(Anchor):
    """``pcc`` with one model.

    Args:
        model: a name ("dense", "lidar", "lattice", "auto", "adaptive") or the path of an exported model.
        label: the name in tables; None builds one from the model.

    Raises:
        ModelMismatch: it is not installed, or no readable file.
    """

    knows_quality = True

    def __init__(self, model: str = "auto", label: str | None = None) -> None:
        if model not in ("auto", "adaptive"):
            find_model(model)
        self.model = model
        self.name = label or f"pcc-{Path(model).stem}"

    def identity(self) -> str:
        """The code that codes, the kernels, the sensors that ship, and the models that there are to choose from."""
        folder = Path(pcc.__file__).parent
        files = [path for part in _CODING for path in sorted((folder / part).rglob("*.py"))]
        files += sorted((folder / "sensors").rglob("*.json"))
        files += [Path(_ext.__file__), *([Path(self.model)] if Path(self.model).is_file() else model_paths())]
        digest = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files))
        return f"pcc {self.model} {digest.hexdigest()}"

    def missing(self, setting: Setting) -> str | None:
        if setting.quality is not None and not self._infers():
            return f"{self.model} codes whole levels only"
        return "fields are coded without loss only" if setting.quantiser and setting.fields != "none" else None

    def _infers(self) -> bool:
        """Whether its model may lose: the encoder's choice, or one with sets for partially coded levels."""
        if self.model in ("auto", "adaptive"):
            return self.model == "auto"
        program = find_model(self.model)
        return isinstance(program, Program) and program.lossy_scale is not None

    def compress(self, cloud: PointCloud, setting: Setting) -> bytes:
        return pcc.encode(
            cloud,
            model=self._program() or self.model,
            voxel_size=setting.step(cloud),
            max_error=setting.max_error,
            fields=setting.fields,
            duplicates=setting.duplicates,
            quality=setting.quality,
        )

    def decompress(self, data: bytes) -> PointCloud:
        return pcc.decode(data, limits=OWN, model=self._program())

    def cost(self, cloud: PointCloud, setting: Setting, data: bytes) -> Cost:
        """Of the model that the stream names: over the octree's levels that need it, or the cells of a turn."""
        frame = describe(data)[0]
        if frame.model_digest is None:
            return Cost(0, 0.0)
        program = self._program() or find_model_by_digest(frame.model_digest)
        if isinstance(program, LatticeProgram):
            macs = self._lattice_macs(program, frame, setting)
            return Cost(program.num_parameters, macs / 1000 / len(cloud))
        header = frame.header
        if header.exact or header.num_raw:
            return Cost(program.num_parameters)  # voxels that the cloud alone does not tell
        if frame.inferred is not None:
            codes, depth = np.sort(codes_of(self.decompress(data).xyz, header.grid)), header.depth
        else:
            try:
                voxels = voxelize(cloud.xyz, voxel_size=setting.step(cloud), max_error=setting.max_error)
            except (InvalidCloud, LimitExceeded):  # one that streams carry, but no grid of voxels holds
                return Cost(program.num_parameters)
            codes, depth = np.unique(voxels.codes >> np.uint64(3 * header.num_low_bits)), header.depth
        macs = count_macs(codes, depth, program, frame.level_offset, frame.adaptive, frame.inferred)
        return Cost(program.num_parameters, macs / 1000 / len(cloud))

    @staticmethod
    def _lattice_macs(program: LatticeProgram, frame: FrameInfo, setting: Setting) -> int:
        if frame.lattice is None:
            return 0
        size = frame.lattice.lasers, frame.lattice.columns
        return program.macs(*size, frame.lattice.num_cells if setting.fields != "none" else 0)

    def _program(self) -> Model | None:
        """The program in the file ``model``; None where it is a name. Loaded in each process: it is not pickled."""
        return find_model(self.model) if Path(self.model).is_file() else None
