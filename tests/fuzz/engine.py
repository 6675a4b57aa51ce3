"""Feeds one target with inputs for a while, in a process of its own, and writes down what goes wrong.

With atheris (extra ``fuzz``) inputs that reach new lines of the package are kept and changed further; without it inputs
are changed at random. Exceptions are findings that the engine survives. For those that it does not survive the input
lies in FOLDER/current, with its number, before it is run (`tests.fuzz.campaign` watches that file).
"""

from __future__ import annotations

import hashlib
import json
import mmap
import sys
import time
from dataclasses import asdict
from pathlib import Path
from random import Random

from tests.fuzz.guard import observe
from tests.fuzz.mutation import DICTIONARY, MAX_BYTES, mutate
from tests.fuzz.target import Finding, Target

HEAD_BYTES = 16  # of the file `current`: the number of inputs, the length of this one
REPORT_EVERY_S = 0.5


class Current:
    """The input that is being run, where another process finds it whatever happens to this one."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(HEAD_BYTES + MAX_BYTES))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self.count = 0

    def put(self, data: bytes) -> None:
        self.count += 1
        self._map[HEAD_BYTES : HEAD_BYTES + len(data)] = data
        self._map[:HEAD_BYTES] = self.count.to_bytes(8, "little") + len(data).to_bytes(8, "little")


def read_current(path: Path) -> tuple[int, bytes]:
    """The number of inputs so far, and the last."""
    content = path.read_bytes() if path.exists() else bytes(HEAD_BYTES)
    size = int.from_bytes(content[8:16], "little")
    return int.from_bytes(content[:8], "little"), content[HEAD_BYTES : HEAD_BYTES + size]


class Engine:
    """Runs inputs, and keeps the first of each finding in FOLDER/found."""

    def __init__(self, target: Target, folder: Path) -> None:
        self.target, self.folder, self.found = target, folder, folder / "found"
        self.found.mkdir(parents=True, exist_ok=True)
        self.known = {json.loads(p.read_text())["signature"] for p in self.found.glob("*.json")}
        self.current = Current(folder / "current")

    def run(self, data: bytes) -> None:
        """One input."""
        data = data[:MAX_BYTES]
        self.current.put(data)
        start = time.process_time()
        finding = observe(self.target.run, data)
        seconds = time.process_time() - start
        if finding is None and seconds > self.target.seconds:
            finding = Finding("hang", "", f"{seconds:.1f} s of CPU time")
        if finding is not None and finding.signature not in self.known:
            self.known.add(finding.signature)
            save_finding(self.found, finding, data)


def save_finding(folder: Path, finding: Finding, data: bytes) -> None:
    """The input, and what it does, side by side."""
    name = f"{finding.kind}-{hashlib.sha256(data).hexdigest()[:10]}"
    (folder / name).write_bytes(data)
    record = asdict(finding) | {"signature": finding.signature}
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1))


def run_at_random(target: Target, engine: Engine, seconds: float, seed: int) -> None:
    """Without atheris: each input is a changed seed, or a changed one of before."""
    rng, pool, end = Random(seed), list(target.seeds().values()), time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutate(rng.choice(pool), rng, target.structure, pool)
        engine.run(data)
        if rng.random() < 0.05:  # a chain of changes
            pool[rng.randrange(len(pool))] = data
        if rng.random() < 0.01:
            pool = list(target.seeds().values())


def run_with_atheris(target: Target, engine: Engine, seconds: float, seed: int) -> None:
    """Until the time is over; ends the process."""
    import atheris

    seeds, corpus = list(target.seeds().values()), engine.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds:
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)

    def changed(data: bytes, max_size: int, number: int) -> bytes:
        rng = Random(number)
        if rng.random() < 0.4:
            return bytes(atheris.Mutate(data, max_size))
        return mutate(data, rng, target.structure, seeds)[:max_size]

    options = [f"-max_total_time={int(seconds)}", f"-seed={seed}", f"-max_len={MAX_BYTES}", f"-dict={DICTIONARY}"]
    options += ["-timeout=300", "-rss_limit_mb=0", "-detect_leaks=0", "-print_final_stats=0", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], engine.run, custom_mutator=changed)
    atheris.Fuzz()
