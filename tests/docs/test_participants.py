"""docs/participants.md: every table loads, and the participant in Python is searched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.campaign import CampaignOptions, run_campaign
from harness.history import History
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan
from harness.report_model import ScenarioVerdict
from harness.runner import run_once
from harness.worlds.sim import SimWorld
from tests.docs.blocks import blocks, named

DOCUMENT = "docs/participants.md"
TABLES = [one.body for one in blocks(DOCUMENT) if one.language == "toml" and one.name is None]
HEAD = 'format_version = 1\nname = "table"\nsaga = { adapter = "callable", target = "sagas.py:order" }\n'
SAGA = "async def order(ctx, input):\n    return {'status': 'completed'}\n"


@pytest.fixture(autouse=True)
def _path_put_back() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before


def narrate(history: History, evidence: tuple[int, ...]) -> list[str]:
    return []


@pytest.mark.parametrize("table", TABLES)
def test_every_table_loads(table: str, tmp_path: Path) -> None:
    (tmp_path / "sagas.py").write_text(SAGA)
    steps = "" if "[[steps]]" in table else '[[steps]]\nname = "s"\naction = "airline.seat.create"\n'
    (tmp_path / "saga.toml").write_text(HEAD + table + steps)
    assert load_scenario(str(tmp_path / "saga.toml"), registered={}).participants


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    for name in ("saga.toml", "fakes.py", "sagas.py"):
        (tmp_path / name).write_text(named(DOCUMENT, name))
    return tmp_path


def test_a_participant_in_python_is_searched(trip: Path) -> None:
    scenario = load_scenario(str(trip / "saga.toml"), registered={})
    options = CampaignOptions(
        out=trip / "out",
        load=lambda _: scenario,
        narrate=narrate,
        world="sim",
        search="guided",
        depth=1,
        in_process=True,
    )
    (report,) = run_campaign([scenario], options, lambda _: None).scenarios
    assert [one.id for one in report.invariants if one.violations] == []
    assert report.verdict is ScenarioVerdict.PASS


def test_it_refuses_and_counts_as_its_class_says(trip: Path) -> None:
    scenario = load_scenario(str(trip / "saga.toml"), registered={})
    twice = Fault(kind="duplicate", operation="flights.booking.create")
    with SimWorld() as world:
        (full,) = run_once(scenario, {"cents": 1, "seats": 4}, FaultPlan(), world).view.sagas
        (repeated,) = run_once(scenario, {"cents": 1, "seats": 2}, FaultPlan((twice,)), world).view.sagas
    assert (full.status, repeated.status) == ("compensated", "completed")
