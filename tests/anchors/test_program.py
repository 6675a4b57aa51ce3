"""pcc.anchors.program with real small programs: what they write, how they end, what they take."""

from __future__ import annotations

import os
import sys
import time

import pytest

from pcc.anchors.program import run_program
from pcc.errors import AnchorError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_log_holds_both_streams():
    run = run_program(python("import sys; print('out', flush=True); print('err', file=sys.stderr)"))
    assert run.log.split() == ["out", "err"]


def test_bytes_that_are_no_text():
    assert "\ufffd" in run_program(python("import os; os.write(1, b'\\xff')")).log


def test_arguments_come_through():
    """Spaces, quotes and an empty one: no shell is between."""
    arguments = ["a b", "'\"$HOME", ""]
    run = run_program([*python("import sys; print(sys.argv[1:])"), *arguments])
    assert run.log.strip() == repr(arguments)


def test_times():
    """Sleeping takes wall time; counting takes CPU time."""
    asleep, busy = run_program(["sleep", "0.2"]), run_program(python("sum(range(10**7))"))
    assert asleep.wall_s >= 0.2 > asleep.user_s + asleep.system_s
    assert busy.user_s > asleep.user_s


def test_peak_is_the_program_s_own():
    """64 MiB more in the program raise its peak by as much; 256 MiB of its caller do not."""
    here = b"\1" * (256 << 20)
    small = run_program(python("pass")).peak_bytes
    large = run_program(python("data = b'\\1' * (64 << 20)")).peak_bytes
    assert len(here) > small
    assert large - small > 60 << 20


def test_environment(monkeypatch):
    monkeypatch.setenv("PCC_TEST", "inherited")
    code = python("import os; print(os.environ.get('PCC_TEST'))")
    assert run_program(code).log.strip() == "inherited"
    assert run_program(code, environment={"PCC_TEST": "given"}).log.strip() == "given"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit(3)", "ended with status 3: no output"),
        ("print('one'); raise SystemExit('the reason')", "ended with status 1: the reason"),
        ("import os; os.abort()", "ended with status -6"),
    ],
)
def test_a_failure_has_its_status_and_last_line(code, message):
    with pytest.raises(AnchorError, match=message):
        run_program(python(code))


def test_a_timeout_ends_the_program(tmp_path):
    """Its process is gone, and does not write what it would have written."""
    pid = tmp_path / "pid"
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    start = time.monotonic()
    with pytest.raises(AnchorError, match=r"ended after 1 s"):
        run_program(python(code), timeout_s=1.0)
    assert time.monotonic() - start < 30
    assert not alive(int(pid.read_text()))


def alive(pid: int) -> bool:
    """A killed process may stay as a zombie for a moment, until it is waited for."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("program", ["/no/such/program", os.path.dirname(os.__file__)])
def test_what_is_no_program(program):
    with pytest.raises(AnchorError, match="cannot be started"):
        run_program([program])


def test_an_empty_command():
    with pytest.raises(ValueError, match="expected a program"):
        run_program([])
