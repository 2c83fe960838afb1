"""Four services in FastAPI, three on SQLite and one on PostgreSQL, each with a weakness, and sound twins."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.campaign import CampaignOptions, run_campaign
from harness.history import FaultFired, History
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan, Lasting
from harness.report_model import ScenarioReport, read_failure
from harness.runner import Run, run_once
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld

pytestmark = pytest.mark.long

EXAMPLE = Path(__file__).parents[2] / "scenarios" / "examples" / "fastapi_services"
WEAKNESSES = {
    "inventory": (
        Fault(kind="reject", operation="payments.charge.create", count=Lasting.FOR_EVER),
        "no_orphaned_resources",
    ),
    "payments": (
        Fault(kind="participant_crash", operation="payments.charge.create", variant="applied"),
        "idempotent_actions",
    ),
    "shipping": (
        Fault(kind="duplicate", operation="shipping.shipment.create", variant="concurrent"),
        "idempotent_actions",
    ),
    "invoices": (
        Fault(kind="duplicate", operation="invoices.invoice.create", variant="concurrent"),
        "idempotent_actions",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _needs_postgres() -> None:
    pytest.importorskip("fastapi", reason="FastAPI is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if not [*Path("/usr/lib/postgresql").glob("*/bin/initdb")] and shutil.which("initdb") is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")


def load(reference: str) -> Scenario:
    return load_scenario(reference, registered=None)


def run(file: str, world: WireWorld, *faults: Fault) -> Run:
    scenario = load(str(EXAMPLE / file))
    return run_once(scenario, scenario.inputs[0], FaultPlan(faults), world)


def violated(done: Run) -> dict[str, str]:
    return {one.invariant: one.message for one in done.violated}


@pytest.mark.parametrize("file", ["saga.toml", "sound.toml"])
def test_without_faults_nothing_is_wrong(file: str, real_world: WireWorld) -> None:
    done = run(file, real_world)
    assert violated(done) == {}
    assert [saga.status for saga in done.view.sagas] == ["completed"]


@pytest.mark.parametrize("service", WEAKNESSES)
def test_each_has_a_weakness_and_its_twin_has_none(service: str, real_world: WireWorld) -> None:
    fault, invariant = WEAKNESSES[service]
    done = run("saga.toml", real_world, fault)
    assert invariant in violated(done), violated(done)
    assert service in str(done.violated)
    done = run("sound.toml", real_world, fault)
    fired = {event.kind for event in done.history.events if isinstance(event, FaultFired)}
    assert (violated(done), fired) == ({}, {fault.kind})


def test_postgres_is_killed_with_its_service_and_finds_what_it_had(real_world: WireWorld) -> None:
    fault = Fault(kind="participant_crash", operation="invoices.invoice.create", variant="applied")
    done = run("sound.toml", real_world, fault)
    assert violated(done) == {}
    assert [saga.status for saga in done.view.sagas] == ["completed"]


def narrate(history: History, evidence: tuple[int, ...]) -> list[str]:
    return []


def search(file: str, folder: Path, seconds: float) -> ScenarioReport:
    options = CampaignOptions(load=load, narrate=narrate, seconds=seconds, out=folder, search="guided")
    (found,) = run_campaign([load(str(EXAMPLE / file))], options, lambda _: None).scenarios
    return found


def test_a_search_finds_the_weakness_of_each_and_says_which(tmp_path: Path) -> None:
    found = search("saga.toml", tmp_path, 90)
    by_invariant = {one.id: one for one in found.invariants if one.verdict == "violated"}
    assert set(by_invariant) == {"no_orphaned_resources", "truthful_outcome", "idempotent_actions"}
    twice = by_invariant["idempotent_actions"]
    files = [twice.failure or "", *(one.failure for one in twice.elsewhere)]
    messages = [read_failure(tmp_path / file).message for file in files]
    steps = ("payments", "shipping", "invoices")
    assert sorted(messages) == sorted(f"the action of step {step} took effect 2 times" for step in steps)
    left = read_failure(tmp_path / (by_invariant["no_orphaned_resources"].failure or "")).message
    assert "inventory answered that reservation" in left
    others = [one for one in found.invariants if one is not twice]
    assert not any(one.elsewhere for one in others)


def test_a_search_of_the_mended_services_finds_nothing(tmp_path: Path) -> None:
    found = search("sound.toml", tmp_path, 60)
    assert [one.id for one in found.invariants if one.verdict in ("violated", "unknown")] == []
    assert {"duplicate", "participant_crash", "reject"} <= set(found.faults.by_kind)
