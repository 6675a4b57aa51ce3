"""The target in C++, under libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer: rANS and its tables."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
NAME = "rans"
FLAGS = ["-std=c++20", "-O1", "-g", "-fno-strict-aliasing", "-ffp-contract=off", "-D_GLIBCXX_ASSERTIONS"]
SANITIZERS = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
OPTIONS = ["-len_control=0", "-max_len=2000", "-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1"]


def problem() -> str | None:
    """Why it cannot be built here; None where it can."""
    if shutil.which("clang++"):
        return None
    return "clang++ is not installed (Debian: apt-get install clang)"


def build(folder: Path) -> Path:
    """The program, compiled with clang."""
    kernels = ROOT / "cuda_ext"
    sources = [
        ROOT / "tests/fuzz/rans_fuzzer.cpp",
        *sorted(kernels.glob("rans/*_cpu.cpp")),
        kernels / "tables/tables_cpu.cpp",
    ]
    sources += [kernels / "common" / f"{name}.cpp" for name in ("isa", "threads", "workers")]
    program = folder / "rans_fuzzer"
    if not program.exists() or program.stat().st_mtime < max(path.stat().st_mtime for path in kernels.rglob("*.*")):
        command = ["clang++", *FLAGS, *SANITIZERS, f"-I{kernels}", *map(str, sources), "-o", str(program)]
        subprocess.run(command, check=True)
    return program


def seeds(number: int = 24) -> list[bytes]:
    """Plans of calls by formula, with nothing and with noise for a stream."""
    made = []
    for i in range(number):
        rng = Random(i)
        made.append(bytes([rng.choice([0, 1, 7, 15, 63]), 1 + i % 5]) + rng.randbytes(40 + 4 * i))
    return made


def start(folder: Path, seconds: float, seed: int) -> subprocess.Popen[bytes]:
    """The program at work; what it finds lies in ``folder`` as crash-..., timeout-... or oom-..."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for i, data in enumerate(seeds()):
        (corpus / f"seed{i}").write_bytes(data)
    command = [str(folder.parent / "rans_fuzzer"), *OPTIONS, f"-max_total_time={int(seconds)}", f"-seed={seed}"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([*command, f"-artifact_prefix={folder}/", str(corpus)], stdout=log, stderr=log)
