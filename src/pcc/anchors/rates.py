"""Rate points of the common test conditions of G-PCC and AI-PCC, by name, for every codec that is compared.

``r01`` to ``r06`` scale the grid by the cloud's bits, merge the points that meet there, and quantise fields; trisoup
has four, by the size of its nodes. ``b004`` to ``b256`` are bounds in millimetres for clouds in metres: every point is
kept, and none moves farther. ``q10`` to ``q90`` are qualities, for codecs that know them. ``curves`` asks each codec
for the points that it is made for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from pcc.anchors.base import LOSSLESS, Setting

_SCALES = {  # bits an axis, at most -> r01 .. r06
    10: (1 / 8, 1 / 4, 1 / 2, 3 / 4, 7 / 8, 15 / 16),
    11: (1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 7 / 8),
    14: (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4),
    64: (1 / 512, 1 / 256, 1 / 64, 1 / 32, 1 / 8, 1 / 4),
}
_QUANTISERS = (51, 46, 40, 34, 28, 22)
_NODE_SIZES_LOG2 = (5, 4, 3, 2)
_QUALITIES = (10, 20, 30, 40, 50, 55, 60, 65, 70, 75, 78, 80, 83, 86, 90)
_BOUNDS_MM = (4, 8, 16, 32, 64, 128, 256)
BOUNDS = tuple(f"b{millimetres:03}" for millimetres in _BOUNDS_MM)
QUALITIES = tuple(f"q{quality:02}" for quality in _QUALITIES)
CTC = tuple(f"r{i:02}" for i in range(1, len(_QUANTISERS) + 1))
CURVES = "curves"
LIDAR_BITS = 18  # what the grid of a LiDAR cloud counts as


def rate_points(
    rates: list[str | Mapping[str, Any]],
    setting: Setting,
    bits: int,
    codec: str | None = None,
    knows_quality: bool = False,
) -> list[Setting]:
    """``setting`` at each of ``rates``.

    Args:
        rates: "lossless" (or what the cloud asks for); "ctc" for all of r01 to r06, "bounds" for all of b004 to b256,
            "qualities" for q10 to q90, or single ones of them; "curves" for the qualities (the bounds, of LiDAR) of a
            codec that knows qualities, and ctc of all others; or mappings of fields of `Setting`, with the name as
            ``rate``; or a mapping with ``rates`` of these kinds and ``codecs``, patterns of the names of those that are
            asked for them.
        setting: what the cloud asks of every codec.
        bits: of the cloud's grid.
        codec: its name; None: rates of some codecs alone are left out.
        knows_quality: whether it does (`pcc.anchors.Anchor`).

    Raises:
        ValueError: an unknown rate, a mapping without a name, or a name that comes twice.
    """
    own = CTC if not knows_quality else QUALITIES if bits != LIDAR_BITS else BOUNDS
    groups = {"ctc": CTC, "bounds": BOUNDS, "qualities": QUALITIES, CURVES: own}
    wanted = [rate for entry in rates for rate in _of_codec(entry, codec)]
    named = [name for rate in wanted for name in (groups.get(rate, (rate,)) if isinstance(rate, str) else (rate,))]
    points = [_point(rate, setting, bits) for rate in named]
    names = [point.rate for point in points]
    if len(set(names)) < len(names):
        raise ValueError(f"rates: expected each once, got {', '.join(names)}")
    return points


def _of_codec(entry: str | Mapping[str, Any], codec: str | None) -> Sequence[str | Mapping[str, Any]]:
    """What an entry asks of a codec."""
    if isinstance(entry, str) or "codecs" not in entry:
        return (entry,)
    if set(entry) != {"codecs", "rates"} or isinstance(entry["codecs"], str) or isinstance(entry["rates"], str):
        raise ValueError(f"rates: expected lists as 'rates' and 'codecs', got {dict(entry)}")
    return entry["rates"] if codec and any(fnmatchcase(codec, pattern) for pattern in entry["codecs"]) else ()


def _name(setting: Setting) -> str:
    """Of what a cloud asks of every codec: lossless, unless it asks for a voxel size or a bound."""
    if setting.voxel_size is not None:
        return f"voxels {setting.voxel_size:g}"
    return LOSSLESS if setting.max_error is None else f"bound {setting.max_error:g}"


def _point(rate: str | Mapping[str, Any], setting: Setting, bits: int) -> Setting:
    if isinstance(rate, Mapping):
        if "rate" not in rate:
            raise ValueError(f"rates: expected a name as 'rate', got {dict(rate)}")
        try:
            return replace(setting, **{str(name): value for name, value in rate.items()})
        except TypeError as error:
            raise ValueError(f"rates: expected fields of Setting, got {dict(rate)} ({error})") from error
    if rate == LOSSLESS:
        return replace(setting, rate=_name(setting))
    if rate in BOUNDS:
        return replace(setting, rate=rate, voxel_size=None, max_error=_BOUNDS_MM[BOUNDS.index(rate)] / 1000)
    if rate in QUALITIES:
        return replace(setting, rate=rate, quality=float(_QUALITIES[QUALITIES.index(rate)]))
    if rate not in CTC:
        known = ", ".join((*CTC, *BOUNDS, *QUALITIES))
        raise ValueError(f"rates: expected lossless, curves, ctc, bounds, qualities, or one of {known}, got {rate!r}")
    i = CTC.index(rate)
    scales = next(scales for most, scales in _SCALES.items() if bits <= most)
    return replace(
        setting,
        rate=rate,
        duplicates="merge",
        scale=scales[i],
        quantiser=_QUANTISERS[i],
        node_size_log2=_NODE_SIZES_LOG2[i] if i < len(_NODE_SIZES_LOG2) else None,
    )
