"""docs/documented-sagas.md and `saga-chaos list` say what the search found; each line of it is replayed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.invariants import Verdict
from harness.runner import run_once
from harness.worlds.sim import SimWorld
from scenarios import REGISTRY
from scenarios.documented import HARDENED, PAGE, SUFFIX, Documented, Found, main, page, table

ROWS = {row.document: row for row in table()}
LINES = [(row, found) for row in ROWS.values() for found in row.found]


@pytest.fixture(scope="module")
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text() == page(tuple(ROWS.values()))


def test_it_has_every_document_and_something_of_each() -> None:
    assert (
        set(ROWS) == set(HARDENED) == {one.removesuffix(SUFFIX) for one in REGISTRY if one.endswith(SUFFIX)}
    )
    assert all(row.found for row in ROWS.values())
    assert all(REGISTRY[name]().holds for row in ROWS.values() for name in row.hardened)


@pytest.mark.parametrize(
    ("row", "found"), LINES, ids=[f"{row.document}-{found.invariant}" for row, found in LINES]
)
def test_each_line_is_still_found(row: Documented, found: Found, sim: SimWorld) -> None:
    run = run_once(REGISTRY[row.name](), found.input, found.faults, sim)
    (judged,) = [one for one in run.judgements if one.invariant == found.invariant]
    assert (judged.verdict, judged.message) == (Verdict.VIOLATED, found.message)


@pytest.mark.parametrize(("name", "row"), [(name, row) for row in ROWS.values() for name in row.hardened])
def test_the_hardened_one_holds_under_each_plan(name: str, row: Documented, sim: SimWorld) -> None:
    scenario = REGISTRY[name]()
    for found in row.found:
        run = run_once(scenario, found.input, found.faults, sim)
        assert not run.violated, found


def test_the_command_says_how_it_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["write"]) == 2
    assert capsys.readouterr().err.startswith("usage: ")
