"""All targets in turn, for so long in total; findings by class, the inputs minimised (`make fuzz MINUTES=10`).

A target runs in a process of its own (`tests.fuzz.run_target`). Where that dies, or does not get on with an input, the
input is a finding and the process is started again for the rest of its time. Corpora stay in the folder for next time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz import kernels
from tests.fuzz.engine import read_current, save_finding
from tests.fuzz.guard import PATIENCE, guarded
from tests.fuzz.minimise import minimise
from tests.fuzz.target import Finding
from tests.fuzz.targets import TARGETS

CASES = Path(__file__).with_name("cases")
REPORT_EVERY_S = 5.0
MINIMISE_S = 30.0
ARTIFACTS = {"crash": "crash", "timeout": "hang", "oom": "memory"}  # libFuzzer's words and ours


@dataclass
class Run:
    """What came of a target."""

    name: str
    num_inputs: int = 0
    seconds: float = 0.0
    findings: list[tuple[Finding, Path]] = field(default_factory=list)

    def line(self) -> str:
        rate = self.num_inputs / self.seconds if self.seconds else 0
        found = f"{len(self.findings)} finding{'' if len(self.findings) == 1 else 's'}"
        return f"{self.name:<14} {self.seconds:5.0f} s {self.num_inputs:>9,} inputs {rate:>7,.0f}/s  {found}"


def run_campaign(names: list[str], seconds: float, folder: Path, cases: Path, say: Callable[[str], None]) -> list[Run]:
    """Each target for its share of the time; new findings go to ``cases``."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = []
    for number, name in enumerate(names):
        run = Run(name)
        runs.append(run)
        own = folder / name
        shutil.rmtree(own / "found", ignore_errors=True)
        own.mkdir(exist_ok=True)
        watch = _watch_kernels if name == kernels.NAME else _watch_target
        watch(run, seconds / len(names), own, seed=int(time.time()) + number, say=say)
        _keep_findings(run, own, cases / name)
        say(run.line())
        for finding, path in run.findings:
            say(f"  {finding.kind}: {finding.where or finding.text} <- {path}")
    return runs


def summary(runs: list[Run]) -> str:
    """How many inputs, and how many findings of each class."""
    kinds = Counter(finding.kind for run in runs for finding, _ in run.findings)
    found = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "no findings"
    total = sum(run.num_inputs for run in runs)
    return f"{total:,} inputs in {sum(run.seconds for run in runs) / 60:.1f} minutes: {found}"


def _watch_target(run: Run, seconds: float, folder: Path, seed: int, say: Callable[[str], None]) -> None:
    """Starts the target until its time is over; an input that it does not survive is put to the findings."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 1:
        (folder / "current").unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.fuzz.run_target", run.name, f"{left:.0f}", str(folder), str(seed)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=kernels.ROOT, stdout=log, stderr=log)
        survived = _wait(process, run, folder, end, say)
        if survived:
            return
        finding = guarded(TARGETS[run.name], data := read_current(folder / "current")[1])
        if finding is not None:
            save_finding(folder / "found", finding, data)
        seed += 1000


def _wait(process: subprocess.Popen[bytes], run: Run, folder: Path, end: float, say: Callable[[str], None]) -> bool:
    """Whether the process comes to its end by itself and gets on with every input."""
    begin, before, spent = time.monotonic(), run.num_inputs, run.seconds
    said = begin
    moved, patience = (begin, 0), TARGETS[run.name].seconds * PATIENCE
    while process.poll() is None:
        time.sleep(0.2)
        now = time.monotonic()
        count = read_current(folder / "current")[0]
        run.num_inputs, run.seconds = before + count, spent + now - begin
        if count != moved[1]:
            moved = now, count
        if now - said >= REPORT_EVERY_S:
            said = now
            say(f"\r{run.line().rsplit('  ', 1)[0]}")
        if (count and now - moved[0] > patience) or now > end + patience:
            process.kill()
            process.wait()
            return now - moved[0] <= patience
    return process.returncode == 0 or not run.num_inputs


def _watch_kernels(run: Run, seconds: float, folder: Path, seed: int, say: Callable[[str], None]) -> None:
    """The same for the program in C++, which libFuzzer ends at its first finding."""
    kernels.build(folder.parent)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 1:
        begin = time.monotonic()
        kernels.start(folder, left, seed).wait()
        run.seconds += time.monotonic() - begin
        log = (folder / "log").read_text(errors="replace")
        run.num_inputs += int(next((w.split()[-1] for w in log.splitlines() if "executed_units" in w), 0))
        artifacts = [path for word in ARTIFACTS for path in folder.glob(f"{word}-*")]
        for path in artifacts:
            _save_artifact(path, folder / "found", log)
        if not artifacts:
            return
        seed += 1000


def _save_artifact(path: Path, found: Path, log: str) -> None:
    lines = [line for line in log.splitlines() if "ERROR:" in line or "runtime error" in line or "rans_fuzzer:" in line]
    text = lines[0].partition("rans_fuzzer.cpp")[2] or lines[0] if lines else ""
    found.mkdir(exist_ok=True)
    save_finding(found, Finding(ARTIFACTS[path.name.partition("-")[0]], "", text), path.read_bytes())
    path.unlink()


def _keep_findings(run: Run, folder: Path, cases: Path) -> None:
    """Confirmed and minimised, one of each signature; those that only happen in company stay where they are."""
    seen = set()
    for record in sorted((folder / "found").glob("*.json")):
        content = json.loads(record.read_text())
        data, signature = record.with_suffix("").read_bytes(), content.pop("signature")
        finding = Finding(**content)
        if run.name in TARGETS:
            confirmed = guarded(TARGETS[run.name], data)
            if confirmed is None:
                run.findings.append((finding, record.with_suffix("")))
                continue
            data = minimise(TARGETS[run.name], confirmed, data, MINIMISE_S)
            finding, signature = confirmed, confirmed.signature
        if signature in seen:
            continue
        seen.add(signature)
        cases.mkdir(parents=True, exist_ok=True)
        path = cases / f"{finding.kind}-{hashlib.sha256(data).hexdigest()[:10]}"
        path.write_bytes(data)
        run.findings.append((finding, Path(os.path.relpath(path))))
