"""docs/messages.md: its saga is one, its kinds are those of the code, and its numbers are the bus's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bus.promise import ACK_TIMEOUT_S, REDELIVER_AFTER_S
from harness.cli import main
from harness.faults import KINDS
from harness.history import FaultFired
from harness.loader.toml_file import load_toml
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import run_once
from harness.saga import Status
from harness.scenario import Scenario
from harness.worlds.protocol import World
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.docs.blocks import ROOT, blocks

TEXT = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")


SECTIONS = ("A choreographed saga", "Commands and replies")

GIVES_UP = FaultPlan(
    (
        Fault(kind="drop_message", operation="events.StockReplied.deliver", count=2),
        Fault(kind="lose_reply", operation="stock.reservation.delete_by_saga"),
    )
)
GIVEN_UP = ["drop_message", "drop_message", "lose_reply"]
"""Replies come after the orchestrator gave up, and what it asks for then fails once."""


@pytest.fixture
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world


def saga_of(section: str, folder: Path) -> Scenario:
    """The files of a section, in a folder."""
    for block in blocks("docs/messages.md"):
        if block.section == section and block.name is not None:
            (folder / block.name).write_text(block.body)
    return load_toml("saga.toml", folder / "saga.toml")


def told(
    scenario: Scenario, plan: FaultPlan, world: World
) -> tuple[list[str], list[Status | None], list[str]]:
    run = run_once(scenario, scenario.inputs[0], plan, world)
    fired = [one.kind for _, one in run.history.of(FaultFired)]
    complaints = [one.message for one in run.judgements if one.message]
    return sorted(fired), [one.status for one in run.view.sagas], complaints


@pytest.mark.parametrize("section", SECTIONS)
def test_its_sagas_complete(section: str, tmp_path: Path, sim: SimWorld) -> None:
    assert told(saga_of(section, tmp_path), FaultPlan(), sim) == ([], [Status.COMPLETED], [])


def test_its_orchestrator_stays_with_what_it_decided(tmp_path: Path, sim: SimWorld) -> None:
    scenario = saga_of(SECTIONS[1], tmp_path)
    assert told(scenario, GIVES_UP, sim) == (GIVEN_UP, [Status.COMPENSATED], [])


def test_its_service_does_each_command_once(tmp_path: Path, sim: SimWorld) -> None:
    """Attempts are those of the orchestrator, however often each command is delivered."""
    away = Fault(kind="refuse", operation="stock.reservation.create", count=Lasting.FOR_EVER)
    unheard = Fault(kind="lose_ack", operation="events.ReleaseStock.deliver", count=Lasting.FOR_EVER)
    fired, statuses, complaints = told(saga_of(SECTIONS[1], tmp_path), FaultPlan((away, unheard)), sim)
    assert (set(fired), statuses, complaints) == ({"refuse", "lose_ack"}, [Status.STUCK], [])


@pytest.mark.wire
def test_its_orchestrator_does_the_same_on_the_wire(tmp_path: Path) -> None:
    scenario = saga_of(SECTIONS[1], tmp_path)
    with WireWorld("toxiproxy", progress=print) as world:
        assert told(scenario, FaultPlan(), world) == ([], [Status.COMPLETED], [])
        assert told(scenario, GIVES_UP, world) == (GIVEN_UP, [Status.COMPENSATED], [])


@pytest.mark.parametrize("section", SECTIONS)
def test_the_doctor_finds_nothing_wrong(
    section: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saga_of(section, tmp_path)
    code = main(["doctor", str(tmp_path / "saga.toml")])
    assert (code, "a worker failed" in capsys.readouterr().out) == (0, False)


def test_its_table_has_every_kind_of_a_delivery_with_its_variants() -> None:
    rows = [line.split("|")[1:-1] for line in TEXT.splitlines() if re.match(r"\| \w+_\w+ \|", line)]
    told = {row[0].strip(): row[2].strip() for row in rows}
    kinds = {kind.name: kind for kind in KINDS.values() if kind.deliveries}
    assert set(told) == set(kinds)
    for name, kind in kinds.items():
        assert told[name].startswith(", ".join(kind.variants))


def test_its_numbers_are_those_of_the_bus() -> None:
    assert f"{ACK_TIMEOUT_S['sim']:.0f} s in sim, {ACK_TIMEOUT_S['wire']:.0f} s on the wire" in TEXT
    assert f"({REDELIVER_AFTER_S['sim']:.0f} s, {REDELIVER_AFTER_S['wire']} s)" in TEXT
