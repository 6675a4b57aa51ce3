"""``pcc view``: clouds side by side, in a window or as a PNG."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pcc.commands.clouds import check_columns, load
from pcc.commands.shared import OK, show
from pcc.io import atomic_file
from pcc.pointcloud import PointCloud
from pcc.viewing import window
from pcc.viewing.camera import Camera, look
from pcc.viewing.colours import colours, error_colours, errors
from pcc.viewing.picture import Panel, draw
from pcc.viewing.png import png_bytes

MAX_SIDE = 8192  # pixels of a picture


def run(
    a: Path,
    b: Path | None,
    *,
    field: str | None,
    error: bool,
    png: Path | None,
    size: str,
    up: str,
    turn: float | None,
    drop_invalid: bool,
    as_json: bool,
    columns: Sequence[str] | None = None,
) -> int:
    """Shows ``a``, and ``b`` beside it; gives the exit code."""
    pixels = _size(size)
    _check(b, field, error, png)
    start = time.perf_counter()
    paths = [a] if b is None else [a, b]
    check_columns(columns, paths)
    clouds = [_load(path, drop_invalid, columns) for path in paths]
    camera = look([cloud.xyz for cloud in clouds], up, turn)
    panels = _panels(paths, clouds, camera, field, error)
    if png is None:
        window.show(panels, camera, pixels)
        return OK
    picture = png_bytes(draw(panels, camera, pixels))
    with atomic_file(png) as file:
        file.write(picture)
    names = [str(path) for path in paths]
    record = {
        "inputs": names,
        "output": str(png),
        "num_points": [len(cloud) for cloud in clouds],
        "width": pixels[0],
        "height": pixels[1],
        "up": "xyz"[camera.upright],
    }
    seconds = time.perf_counter() - start
    show(record | {"view_s": seconds}, [f"{', '.join(names)} -> {png}: {size} pixels, {seconds:.2f} s"], as_json)
    return OK


def _check(b: Path | None, field: str | None, error: bool, png: Path | None) -> None:
    if error and b is None:
        raise ValueError("error: expected two clouds, the reference and the one to judge, got one")
    if error and field is not None:
        raise ValueError("error: colours show the error or a field, not both")
    if png is not None and png.suffix.lower() != ".png":
        raise ValueError(f"png: expected a file with the suffix .png, got {png}")


def _size(text: str) -> tuple[int, int]:
    """Width and height of ``WxH``."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"size: expected WIDTHxHEIGHT of at most {MAX_SIDE} pixels, such as 1200x900, got {text!r}")
    return width, height


def _load(path: Path, drop_invalid: bool, columns: Sequence[str] | None) -> PointCloud:
    cloud = load(path, columns)
    finite = cloud.finite()
    if len(finite) < len(cloud) and not drop_invalid:
        lost = len(cloud) - len(finite)
        raise ValueError(f"{path}: {lost:,} of {len(cloud):,} points have NaN or infinite coordinates (--drop-invalid)")
    if len(finite) == 0:
        raise ValueError(f"{path}: expected at least one point, got an empty cloud")
    return finite


def _panels(paths: list[Path], clouds: list[PointCloud], camera: Camera, field: str | None, error: bool) -> list[Panel]:
    names = [path.name for path in paths]
    if not error:
        painted, scale = colours(clouds, field, camera.upright)
        return [Panel(n, c.xyz, rgb, scale) for n, c, rgb in zip(names, clouds, painted, strict=True)]
    reference, judged = clouds
    (of_reference,), scale = colours([reference], None, camera.upright)
    distances = errors(judged, reference)
    of_judged, scale_of_errors = error_colours(distances, f"distance to {names[0]}, rms {_rms(distances):.4g}")
    return [
        Panel(names[0], reference.xyz, of_reference, scale),
        Panel(names[1], judged.xyz, of_judged, scale_of_errors),
    ]


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))
