"""Makes the recorded files anew, with the tmc3 that PCC_TMC3 names: of the version in README.md."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pcc.anchors.gpcc.tmc3 import Tmc3, write_ply
from pcc.anchors.program import run_program
from tests.anchors.gpcc.recorded import FOLDER, NAMES, OPTIONS, recorded_cloud


def record(name: str, folder: Path) -> None:
    source, stream, decoded = folder / "cloud.ply", folder / f"{name}.bin", folder / f"{name}.ply"
    write_ply(source, recorded_cloud(name))
    runs = {
        "encoder": ["--mode=0", f"--uncompressedDataPath={source}", *OPTIONS[name]],
        "decoder": ["--mode=1", f"--reconstructedDataPath={decoded}", "--outputBinaryPly=1"],
    }
    for kind, options in runs.items():
        command = [Tmc3().program, *options, f"--compressedStreamPath={stream}", "--convertPlyColourspace=1"]
        log = run_program(command).log.replace(str(folder), "")
        (FOLDER / f"{name}.{kind}.log").write_text(log)
    for path in (stream, decoded):
        shutil.copy(path, FOLDER)


with tempfile.TemporaryDirectory() as temporary:
    for cloud in NAMES:
        record(cloud, Path(temporary))
