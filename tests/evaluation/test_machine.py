"""pcc.evaluation.machine: facts, or None."""

from __future__ import annotations

from pathlib import Path

from pcc.evaluation.machine import git_commit, versions


def test_versions_leave_out_what_is_absent():
    assert list(versions(("numpy", "no-such-distribution"))) == ["numpy"]


def test_no_commit_outside_a_tree(tmp_path):
    assert git_commit(tmp_path) is None


def test_commit_of_this_tree():
    """40 hex digits, "-dirty" or not; None where the tests run from an unpacked archive."""
    commit = git_commit(Path(__file__).parent)
    assert commit is None or len(commit.removesuffix("-dirty")) == 40
