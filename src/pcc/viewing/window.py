"""Clouds side by side in a window of Open3D (extra ``view``): turn, move and zoom with the mouse, q closes it.

Only the window is Open3D's; colours and the first view are ours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from pcc.extras import install
from pcc.viewing.camera import Camera
from pcc.viewing.picture import Panel

POINT_SIZE = 2.0  # pixels
NO_WINDOW = "no window can be opened: no display is found; --png FILE draws without one"


def show(panels: Sequence[Panel], camera: Camera, size: tuple[int, int]) -> None:
    """Opens a window of ``size`` (width, height) pixels with all ``panels``; returns when it is closed.

    Raises:
        ImportError: Open3D is missing, or does not load; the message names the extra.
        OSError: no window can be opened: there is no display.
    """
    open3d = _open3d()
    if not has_display():
        raise OSError(NO_WINDOW)
    window = open3d.visualization.Visualizer()
    title = " | ".join(panel.title for panel in panels)
    if not window.create_window(title, width=size[0], height=size[1]):
        raise OSError(NO_WINDOW)
    for points, colours in zip(side_by_side(panels, camera), (panel.colours for panel in panels), strict=True):
        window.add_geometry(_geometry(open3d, points, colours))
    window.get_render_option().point_size = POINT_SIZE
    view = window.get_view_control()
    view.set_up(camera.axes[1])
    view.set_front(camera.axes[2])
    window.run()
    window.destroy_window()


def has_display() -> bool:
    """Whether a window can be seen. Open3D 0.20 would draw into memory without one, and wait for ever to be closed."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def side_by_side(panels: Sequence[Panel], camera: Camera) -> list[np.ndarray]:
    """(N, 3) float64 points of each panel, about the origin, each a frame farther to the camera's right."""
    step = camera.axes[0] * camera.extent[0]
    return [panel.xyz.astype(np.float64) - camera.centre + i * step for i, panel in enumerate(panels)]


def _geometry(open3d: Any, points: np.ndarray, colours: np.ndarray) -> Any:
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    cloud.colors = open3d.utility.Vector3dVector(colours / 255)
    return cloud


def _open3d() -> Any:
    try:
        import open3d
    except (ImportError, OSError) as error:  # OSError: it loads a C library by itself
        hint = f"{install('view')}, or --png FILE, which needs nothing"
        raise ImportError(f"a window needs Open3D ({error}): {hint}") from error
    return open3d
