"""Codecs on a command line: ``NAME[:OPTION=VALUE[,OPTION=VALUE]]``, such as ``draco:voxel_size=0.02``.

    pcc-lidar, pcc-dense, pcc-auto, pcc-adaptive ...   this package's codec with that model
    draco                                              Draco at level 10
    raw, zlib, zstd, xz                                the arrays as they are, or through a general compressor

Options are those of ``Setting``: voxel_size, max_error, fields, duplicates. Without any, the codec is asked for no
loss. Configurations with more than this belong in configs/.
"""

from __future__ import annotations

from pcc.anchors import Anchor, Setting
from pcc.anchors.bypass import Bypass
from pcc.anchors.draco import Draco
from pcc.evaluation.ours import PccCodec

OURS = "pcc-"
CODEC_HELP = "pcc-MODEL, draco, raw, zlib, zstd or xz; options voxel_size, max_error, fields, duplicates"
_NUMBERS = ("voxel_size", "max_error")
_CHOICES = {"fields": ("none", "all"), "duplicates": ("keep", "merge")}


def parse_codec(text: str) -> tuple[Anchor, Setting]:
    """The codec and the setting that ``text`` names.

    Raises:
        ValueError: the name or an option is unknown, or a value does not fit.
    """
    name, _, options = text.partition(":")
    return named_codec(name), parse_setting(options)


def named_codec(name: str) -> Anchor:
    """A codec by its name in tables. Raises ValueError for others."""
    if name.startswith(OURS) and name != OURS:
        return PccCodec(name.removeprefix(OURS))
    if name == "draco":
        return Draco()
    if name in ("raw", "zlib", "zstd", "xz"):
        return Bypass(name)
    raise ValueError(f"codec: expected {OURS}MODEL, draco, raw, zlib, zstd or xz, got {name!r}")


def parse_setting(options: str) -> Setting:
    """``OPTION=VALUE,OPTION=VALUE`` as a ``Setting``; the empty text is the default one.

    Raises:
        ValueError: an option is unknown or given twice, a value does not fit, or both steps and bounds are given.
    """
    numbers: dict[str, float] = {}
    choices: dict[str, str] = {}
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        if key in numbers or key in choices:
            raise ValueError(f"setting: expected {key} once, got it twice in {options!r}")
        if key in _NUMBERS:
            numbers[key] = _positive(key, value)
        elif value in _CHOICES.get(key, ()):
            choices[key] = value
        else:
            raise ValueError(f"setting: expected voxel_size, max_error, fields or duplicates, got {option!r}")
    if len(numbers) > 1:
        raise ValueError(f"setting: expected voxel_size or max_error, got both in {options!r}")
    return Setting(**numbers, **choices)  # type: ignore[arg-type]


def describe_setting(setting: Setting) -> str:
    """What was asked for, in the words of ``parse_setting``; "lossless" where nothing may move."""
    asked = [f"{name}={getattr(setting, name):g}" for name in _NUMBERS if getattr(setting, name) is not None]
    asked = asked or ["lossless"]
    return ", ".join(asked + [f"{name}={getattr(setting, name)}" for name in _CHOICES if _differs(setting, name)])


def _differs(setting: Setting, name: str) -> bool:
    return getattr(setting, name) != getattr(Setting(), name)


def _positive(key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ValueError(f"{key}: expected a positive number, got {value!r}")
    return number
