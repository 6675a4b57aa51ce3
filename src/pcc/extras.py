"""The optional parts of this package: which libraries each extra brings, and the one line that says how to get it.

The package is on no index, so an extra is installed where the package was: in its clone.
"""

from __future__ import annotations

EXTRAS = {
    "train": ("torch", "hydra", "tensorboard", "trimesh"),
    "eval": ("hydra", "scipy", "DracoPy", "laspy", "lazrs", "matplotlib", "pykdtree", "zstandard", "kiss_icp"),
    "cluster": ("hydra_plugins.hydra_submitit_launcher",),
    "io": ("pypcd4",),
    "view": ("open3d",),
    "crosscheck": ("constriction", "torchac"),
}


def install(extra: str) -> str:
    """The command that brings an extra."""
    return f"pip install '.[{extra}]' in the clone of pcc"


def missing(error: ImportError, extra: str | None = None) -> str | None:
    """What to say where a library of an extra is not installed; None where the import failed for another reason.

    Args:
        extra: to name, where the library belongs to several.
    """
    library = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    extras = [name for name, modules in EXTRAS.items() if library in {module.partition(".")[0] for module in modules}]
    if not extras:
        return None
    return f"{library} is not installed: {install(extra if extra in extras else extras[0])}"
