"""One target in this process: `python -m tests.fuzz.run_target TARGET SECONDS FOLDER SEED`.

atheris instruments what is imported while it looks on, so nothing of the package may be imported before; and only what
lies on the path: the sources of an editable installation, which has an importer of its own, are put there.
"""

from __future__ import annotations

import sys
from glob import glob
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "src"


def use_sources() -> None:
    """Imports come from the path alone, and the sources are its first folder."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if "Redirecting" not in type(finder).__name__]
    sys.path.insert(0, str(SOURCES))


def extension_folders() -> list[str]:
    """Where the compiled extension lies."""
    return [str(Path(found).parent) for folder in sys.path for found in glob(f"{folder}/pcc/_ext*.so")]


def main(name: str, seconds: float, folder: Path, seed: int) -> None:
    try:
        import atheris
    except ImportError:
        from tests.fuzz import engine, guard, targets

        run = engine.run_at_random
    else:
        use_sources()
        with atheris.instrument_imports(include=["pcc"]):
            import pcc

            pcc.__path__.extend(extension_folders())
            from tests.fuzz import engine, guard, targets
        run = engine.run_with_atheris
    target = targets.TARGETS[name]
    target.seeds()  # before memory is limited
    guard.limit_process(1e9, target.num_bytes + guard.STACKS)
    run(target, engine.Engine(target, folder), seconds, seed)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
