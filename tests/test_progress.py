"""Progress without a terminal: nothing for short work, then a line every few seconds with count, rate and estimate."""

from __future__ import annotations

import io

import pytest

from pcc.progress import Lines, duration, progress, track


def lines(total: float, steps: list[tuple[float, float]], first: float = 0) -> list[str]:
    """What is written when ``steps`` are (seconds since the start, done by then)."""
    now, out = [0.0], io.StringIO()
    shown = Lines(total, "work", first, 5.0, lambda: now[0], out)
    for now[0], done in steps:
        shown.advance(done, "")
    return out.getvalue().splitlines()


def test_short_work_says_nothing():
    assert lines(2, []) == []
    assert lines(2, [(1.0, 1), (4.9, 2)]) == []


def test_a_line_every_few_seconds():
    """At 5 s and not again before 10 s."""
    steps = [(4.0, 4), (6.0, 12), (7.0, 13), (10.9, 20), (11.0, 33)]
    assert lines(90, steps) == ["work: 12 of 90 (13%), 2.0/s, 39 s left", "work: 33 of 90 (37%), 3.0/s, 19 s left"]


def test_slow_items():
    assert lines(4, [(30.0, 1)]) == ["work: 1 of 4 (25%), 30.0 s each, 1 min 30 s left"]


def test_the_rate_counts_what_was_done_here():
    """A run that goes on at step 100 has not done those 100."""
    assert lines(500, [(10.0, 200)], first=100) == ["work: 200 of 500 (40%), 10.0/s, 30 s left"]


def test_fractions():
    assert lines(1.0, [(8.0, 0.5)]) == ["work: 50%, 8 s left"]


def test_nothing_done_yet_has_no_estimate():
    assert lines(3, [(6.0, 0)]) == ["work: 0 of 3 (0%)"]
    assert lines(0, [(6.0, 0)]) == ["work: 0 of 0 (100%)"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3600, "1 h 00 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_track_yields_all_and_is_quiet(capsys):
    assert list(track([1, 2, 3], "work")) == [1, 2, 3]
    assert list(track([], "work")) == []
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal(monkeypatch):
    """Its text is text, whatever it holds, and nothing of it stays."""
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress(2, "work [x]") as advance:
        advance(1, "work [/x]")
        advance(2, "work [/x]")
    assert "work [/x]" in terminal.getvalue()
