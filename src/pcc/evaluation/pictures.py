"""Pictures of a report: a cloud as it is, and decoded clouds coloured by their distance from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pcc.io import atomic_file
from pcc.pointcloud import PointCloud
from pcc.viewing.camera import Camera, look
from pcc.viewing.colours import colours, error_colours, errors
from pcc.viewing.picture import Panel, draw
from pcc.viewing.png import png_bytes

SIZE = (560, 520)


def draw_original(cloud: PointCloud, title: str, path: Path) -> None:
    """``cloud`` in its own colours, or by height."""
    camera = look([cloud.xyz])
    (painted,), scale = colours([cloud], None, camera.upright)
    _write([Panel(title, cloud.xyz, painted, scale)], camera, path)


def draw_errors(original: PointCloud, decoded: PointCloud, title: str, path: Path) -> None:
    """``decoded`` as the original's camera sees it, each point by its distance to the nearest of the original."""
    camera = look([original.xyz])
    distances = errors(decoded, original)
    rms = float(np.sqrt((distances**2).mean()))
    painted, scale = error_colours(distances, f"distance to the original, rms {rms:.4g}")
    _write([Panel(title, decoded.xyz, painted, scale)], camera, path)


def _write(panels: list[Panel], camera: Camera, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        file.write(png_bytes(draw(panels, camera, SIZE)))
