"""tmc3's options for the common test conditions of G-PCC, as the measured anchors used them.

Dense clouds (category 1) are coded by the octree or by trisoup; LiDAR frames (category 3) by the octree or by
predictive geometry, with or without the angular mode, which knows the sensor's lasers. The octree's lossy settings
leave inferred direct coding at tmc3's default, which is smaller than the 3 of many published configurations. Options of
an attribute come before its ``--attribute``.
"""

from __future__ import annotations

import math

from pcc.anchors.gpcc.lasers import Lasers
from pcc.errors import AnchorError

TRISOUP_QP = {5: 40, 4: 34, 3: 28, 2: 22}  # size of the nodes, log2 -> QP of the attributes
LOSSLESS_TRANSFORMS = ("predicting", "haar")  # at qp 4
TRANSFORMS = ("raht", "lifting", *LOSSLESS_TRANSFORMS)

_COMMON = [
    "--trisoupNodeSizeLog2=0",
    "--neighbourAvailBoundaryLog2=8",
    "--intra_pred_max_node_size_log2=6",
    "--minQtbtSizeLog2=0",
]
_TRISOUP = [
    "--sliceMaxPointsTrisoup=1100000",
    "--sliceMaxPoints=1000000",
    "--sliceMinPoints=449000",
    "--neighbourAvailBoundaryLog2=8",
    "--intra_pred_max_node_size_log2=6",
    "--inferredDirectCodingMode=0",
    "--planarEnabled=0",
    "--positionQuantizationScale=1",
    "--trisoupQuantizationBits=2",
    "--trisoupFineRayTracingEnabled=0",
    "--trisoupImprovedEncoderEnabled=1",
]


def dense_octree(scale: float = 1.0, *, merge: bool = False, planar: bool = False) -> list[str]:
    """Octree of a dense cloud; ``scale`` 1 loses nothing but, with ``merge``, duplicates."""
    lossless = ["--inferredDirectCodingMode=1"] if scale == 1 else []
    return [
        *_COMMON,
        "--maxNumQtBtBeforeOt=4",
        f"--mergeDuplicatedPoints={int(merge or scale != 1)}",
        f"--positionQuantizationScale={scale:.12g}",
        f"--planarEnabled={int(planar)}",
        "--planarModeIdcmUse=0",
        *lossless,
    ]


def trisoup(node_size_log2: int) -> list[str]:
    """Surfaces in the nodes of an octree that stops at this size."""
    inner = int(node_size_log2 > 2)  # centroids and vertices on faces: nothing to gain in the smallest nodes
    return [
        *_TRISOUP,
        f"--trisoupNodeSizeLog2={node_size_log2}",
        f"--trisoupCentroidResidualEnabled={inner}",
        f"--trisoupFaceVertexEnabled={inner}",
    ]


def lidar_octree(
    scale: float = 1.0, *, lasers: Lasers | None = None, merge: bool = False, direct_coding: int = 3
) -> list[str]:
    """Octree of a LiDAR frame; angular where ``lasers`` are given (in steps of the grid)."""
    lossless = [f"--inferredDirectCodingMode={direct_coding}"] if scale == 1 else []
    return [*_lidar(scale, merge), *lossless, *_angular(scale, lasers)]


def lidar_predictive(
    scale: float = 1.0, *, lasers: Lasers | None = None, merge: bool = False, sort: int = 0, ground: bool = True
) -> list[str]:
    """Predictive geometry of a LiDAR frame; angular where ``lasers`` are given (in steps of the grid).

    Without them the order of the points matters (``sort`` 0 keeps it, 2 sorts by azimuth). The partition of the
    ``ground`` crashes release 23 on coarse grids.
    """
    options = _lidar(scale, merge)
    options += ["--inferredDirectCodingMode=3"] if scale == 1 else ["--secondaryResidualDisabled=1"]
    options += _angular(scale, lasers)
    if lasers is not None:
        options += [*_spherical(scale, lasers), f"--enableGroundPartition={int(ground)}"]
    return [*options, "--geomTreeType=1", f"--predGeomSort={sort}"]


def colour(transform: str, qp: int, *, lossless_geometry: bool) -> list[str]:
    """Colours of 8 bits."""
    options = ["--convertPlyColourspace=1", *_transform(transform, 12)]
    if transform == "raht":
        chroma = -1 if lossless_geometry else -2
        options += ["--rahtPredictionSearchRange=50000"]
    else:
        chroma = 0
        options += ["--colourMatrix=8"] if transform in ("predicting", "haar") else ["--lodDecimator=0"]
    options += [f"--qp={qp}", f"--qpChromaOffset={chroma}", "--bitdepth=8", "--attrOffset=0", "--attrScale=1"]
    return [*options, "--attribute=color"]


def reflectance(transform: str, qp: int, *, spherical: bool, bits: int = 8) -> list[str]:
    """Reflectance; ``spherical`` orders it by the sensor's angles, where the geometry's mode is angular."""
    options = ["--convertPlyColourspace=1", *_transform(transform, 0 if transform == "predicting" else 10)]
    if transform == "raht":
        options += ["--rahtPredictionSearchRange=2500"]
    if transform in ("lifting", "predicting"):
        options += [f"--lod_neigh_bias=1,1,{1 if spherical else 8}"]
    if transform == "lifting":
        options += ["--lodDecimator=1"]
    if transform == "predicting":
        options += ["--direct_avg_predictor_disabled_flag=1"]
    if spherical:
        options += ["--spherical_coord_flag=1"]
    return [*options, f"--qp={qp}", f"--bitdepth={bits}", "--attribute=reflectance"]


def _lidar(scale: float, merge: bool) -> list[str]:
    return [
        *_COMMON,
        f"--mergeDuplicatedPoints={int(merge or scale != 1)}",
        f"--positionQuantizationScale={scale:.12g}",
        "--planarEnabled=1",
        "--planarModeIdcmUse=32",
        "--partitionMethod=0",
        "--maxNumQtBtBeforeOt=6",
    ]


def _angular(scale: float, lasers: Lasers | None) -> list[str]:
    if lasers is None:
        return []
    options = [
        "--angularEnabled=1",
        f"--numLasers={len(lasers.theta)}",
        "--lasersTheta=" + ",".join(f"{theta:.6f}" for theta in lasers.theta),
        "--lasersZ=" + ",".join(f"{-z:.3f}" for z in lasers.z),
        "--lasersNumPhiPerTurn=" + ",".join([str(lasers.columns_per_turn)] * len(lasers.theta)),
        "--planarBufferDisabled=1",
    ]
    return options if scale == 1 else [*options, "--zCompensationEnabled=1"]


def _spherical(scale: float, lasers: Lasers) -> list[str]:
    """Precision of radius and azimuth: at a coarse scale, what is finer than its voxels is not coded."""
    octaves = round(-math.log2(scale))
    azimuth_log2 = min(max(14 - octaves, 7), 12)
    quantised = [
        "--positionQuantisationEnabled=1",
        "--positionBaseQp=58",
        f"--positionRadiusInvScaleLog2={max(octaves - 1, 0)}",
    ]
    return [
        *(quantised if scale != 1 else []),
        f"--positionAzimuthScaleLog2={azimuth_log2}",
        f"--positionAzimuthSpeed={(1 << (12 + azimuth_log2)) // lasers.columns_per_turn}",
        f"--attrSphericalMaxLog2={azimuth_log2 + 5}",
        "--resRContextQphiThresholdPresentFlag=1",
        f"--resRContextQphiThreshold={12 >> (azimuth_log2 - 7)}",
        "--sortInputByAzimuth=1",
        "--predGeomAzimuthSortPrecision=1024",
    ]


def _transform(name: str, levels: int) -> list[str]:
    if name == "raht":
        return ["--transformType=0"]
    if name == "haar":
        return ["--transformType=0", "--integerHaar=1"]
    common = [
        "--numberOfNearestNeighborsInPrediction=3",
        f"--levelOfDetailCount={levels}",
        "--adaptivePredictionThreshold=64",
    ]
    if name == "lifting":
        return ["--transformType=2", *common]
    if name == "predicting":
        return ["--transformType=1", *common, "--intraLodPredictionSkipLayers=0", "--interComponentPredictionEnabled=0"]
    raise AnchorError(f"transform: expected one of {', '.join(TRANSFORMS)}, got {name!r}")
