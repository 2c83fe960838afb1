"""Processes for mutants: one for each, wherever temporary files lie."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from harness.loading import load
from harness.mutation.session import planted_in
from harness.mutation.trial import Asked
from harness.mutation.workers import Job, Workers

BOOKING = Path(__file__).parents[2] / "mutants" / "booking" / "saga.toml"


def test_a_folder_for_temporary_files_with_a_long_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket of a server that forks would have a path that is too long, so none is used."""
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    sources, (one, *_) = planted_in(load(str(BOOKING)), ["lock_dropped"])
    asked = Asked(reference=str(BOOKING), load=load, world="sim", search="guided", workers=1, depth=1)
    with Workers(asked, sources, at_once=1) as workers:
        (ended,) = workers.run([Job(one, 5.0)], lambda: None)
    assert (ended.lost, ended.result.problem) == (False, "")
    assert ended.result.runs > 0
