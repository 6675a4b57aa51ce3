"""The window, as far as it goes without a display: where the clouds stand, and what is said when it cannot open."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pcc.viewing import window
from pcc.viewing.camera import look
from pcc.viewing.picture import Panel

XYZ = np.random.default_rng(1).random((50, 3)) * (1, 2, 1)
PANELS = [Panel(name, XYZ, np.full((50, 3), 255, np.uint8)) for name in "ab"]


def test_clouds_stand_beside_each_other():
    """second - first = one frame along the camera's right, whose own extent is less."""
    camera = look([XYZ])
    first, second = window.side_by_side(PANELS, camera)
    assert np.allclose(second - first, camera.axes[0] * camera.extent[0])
    assert (second @ camera.axes[0]).min() > (first @ camera.axes[0]).max()


class Recorder:
    """Stands for Open3D's Visualizer; notes what it is asked for."""

    def __init__(self, display: bool) -> None:
        self.display, self.clouds, self.directions, self.ran = display, [], {}, False
        self.view = SimpleNamespace(
            set_up=lambda v: self.directions.update(up=v), set_front=lambda v: self.directions.update(front=v)
        )

    def create_window(self, title: str, width: int, height: int) -> bool:
        self.title = title
        return self.display

    def add_geometry(self, cloud: Any) -> None:
        self.clouds.append(cloud)

    def get_render_option(self) -> SimpleNamespace:
        return SimpleNamespace()

    def get_view_control(self) -> SimpleNamespace:
        return self.view

    def run(self) -> None:
        self.ran = True

    def destroy_window(self) -> None:
        pass


def stand_in(monkeypatch, display: bool) -> Recorder:
    recorder = Recorder(display)
    monkeypatch.setenv("DISPLAY", ":0")
    library = SimpleNamespace(
        visualization=SimpleNamespace(Visualizer=lambda: recorder),
        geometry=SimpleNamespace(PointCloud=lambda points: SimpleNamespace(points=points)),
        utility=SimpleNamespace(Vector3dVector=np.asarray),
    )
    monkeypatch.setitem(sys.modules, "open3d", library)
    return recorder


def test_the_window_gets_both_clouds(monkeypatch):
    recorder, camera = stand_in(monkeypatch, True), look([XYZ])
    window.show(PANELS, camera, (300, 200))
    assert recorder.ran
    assert recorder.title == "a | b"
    assert [cloud.colors.max() for cloud in recorder.clouds] == [1, 1]
    assert np.array_equal(recorder.directions["front"], camera.axes[2])


def test_without_a_display(monkeypatch):
    stand_in(monkeypatch, False)
    with pytest.raises(OSError, match="--png"):
        window.show(PANELS, look([XYZ]), (300, 200))


def test_no_display_is_noticed_before_open3d_draws_into_memory(monkeypatch):
    recorder = stand_in(monkeypatch, True)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(OSError, match="no display"):
        window.show(PANELS, look([XYZ]), (300, 200))
    assert not recorder.ran


def test_without_open3d(monkeypatch):
    monkeypatch.setitem(sys.modules, "open3d", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[view\]'"):
        window.show(PANELS, look([XYZ]), (300, 200))


def test_open3d_takes_the_clouds():
    try:
        import open3d
    except (ImportError, OSError) as error:
        pytest.skip(f"the extra `view` is not installed, or does not load: {error}")
    cloud = window._geometry(open3d, XYZ, PANELS[0].colours)
    assert np.array_equal(np.asarray(cloud.points), XYZ)
    assert np.array_equal(np.asarray(cloud.colors), np.ones((50, 3)))
