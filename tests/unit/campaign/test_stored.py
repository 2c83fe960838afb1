"""Counterexamples are kept, tried first the next time, and leave once they hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.adapter import CallableSaga
from harness.campaign import Campaign, CampaignEvent, CampaignOptions, Noted
from harness.campaign.aggregate import InvariantAggregate
from harness.campaign.fold import empty_aggregate
from harness.campaign.stored import MOST, MOST_BYTES, StoredCounterexamples
from harness.inputs import DrawnInput, SchemaInputs
from harness.invariants import Verdict
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan
from harness.report_model import Report, Stored
from harness.saga import Claim, Json
from harness.scenario import Scenario
from tests.planted.kit import HOLD, callable_of
from tests.planted.sagas import Saga
from tests.unit.campaign.test_aggregate import twice
from tests.unit.search.test_property import CREATE, PLANT

LOST_TWICE = Fault(kind="lose_request", operation=CREATE, count=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".saga-chaos" / "counterexamples"


def campaign(scenario: Scenario, folder: Path | None, **more: Any) -> tuple[Report, list[str]]:
    """Its report, and what the user was told."""
    told: list[str] = []

    def listen(event: CampaignEvent) -> None:
        if isinstance(event, Noted):
            told.append(event.text)

    assert folder is None or folder.is_absolute()
    out = (folder or Path("/nonexistent")).parent.parent / "out" if folder else more.pop("out")
    options = CampaignOptions(
        out=out,
        load=lambda name: load_scenario(name, registered=None),
        narrate=lambda history, evidence: [],
        search="guided",
        depth=more.pop("depth", 1),
        in_process=True,
        stored=folder,
        **more,
    )
    return Campaign(options, listen).run([scenario]), told


def stored_in(report: Report) -> Stored:
    return report.scenarios[0].search.stored


def kept(folder: Path) -> list[list[dict[str, Json]]]:
    (path,) = folder.glob("*.json")
    return [one["plan"] for one in msgspec.json.decode(path.read_bytes())["counterexamples"]]


def write(folder: Path, scenario: Scenario, content: object) -> None:
    path = StoredCounterexamples(folder, scenario, "sim", print)._path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else msgspec.json.encode(content))


def file_of(*plans: Any, input_: Json = None, **more: object) -> dict[str, object]:
    entries = [{"invariants": ["termination"], "input": input_ or {}, "plan": plan} for plan in plans]
    head = {"format_version": 1, "scenario": "x", "reference": "", "world": "sim"}
    return {**head, "counterexamples": entries, **more}


def fault(**more: object) -> dict[str, object]:
    return {"kind": "lose_request", "operation": CREATE, "nth": 1, "count": 2, "variant": "", **more}


# Kept and tried --------------------------------------------------------------------------------


def test_what_failed_is_tried_first_the_next_time_and_said_so(folder: Path) -> None:
    broken = PLANT.broken_scenario()
    first, _ = campaign(broken, folder)
    assert stored_in(first) == Stored()
    plans = kept(folder)
    assert plans
    assert all(len(plan) == 1 and plan[0]["count"] == 2 for plan in plans)  # as they were shrunk
    again, told = campaign(broken, folder, depth=0)
    assert stored_in(again) == Stored(tried=len(plans), failing=len(plans))
    assert again.verdict == "fail"
    assert again.scenarios[0].runs > len(plans)  # minimising is among the runs that are not counted
    assert any("tried first, and" in note for note in again.scenarios[0].notes)
    assert told == []


def test_what_holds_now_leaves(folder: Path) -> None:
    broken = PLANT.broken_scenario()
    campaign(broken, folder)
    mended = replace(broken, saga=CallableSaga(callable_of(Saga, (HOLD,)), "mended"))
    report, _ = campaign(mended, folder)
    assert stored_in(report).failing == 0
    assert stored_in(report).tried
    assert kept(folder) == []
    assert stored_in(campaign(mended, folder)[0]) == Stored()


def test_without_a_folder_nothing_is_kept_and_nothing_else_is_different(folder: Path, tmp_path: Path) -> None:
    with_it, _ = campaign(PLANT.broken_scenario(), folder)
    without, _ = campaign(PLANT.broken_scenario(), None, out=tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere" / ".saga-chaos").exists()

    def told(report: Report) -> object:
        return msgspec.structs.replace(report.scenarios[0], duration_s=0.0)

    assert told(with_it) == told(without)


def test_git_is_told_to_ignore_the_folder(folder: Path) -> None:
    campaign(PLANT.broken_scenario(), folder)
    assert (folder.parent / ".gitignore").read_text() == "*\n"


def test_nothing_is_written_where_nothing_was_found(folder: Path) -> None:
    campaign(PLANT.sound_scenario(), folder)
    assert not folder.exists()


# Whose they are --------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [{"name": "renamed"}, {"reference": "another/saga.toml"}])
def test_a_scenario_of_another_name_or_place_has_its_own(folder: Path, other: dict[str, Any]) -> None:
    broken = PLANT.broken_scenario()
    campaign(broken, folder)
    report, _ = campaign(replace(broken, **other), folder, depth=0)
    assert stored_in(report) == Stored()


def test_a_path_is_the_same_however_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "saga.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    one = PLANT.sound_scenario()
    paths = {
        StoredCounterexamples(tmp_path, replace(one, reference=name), "sim", print)._path
        for name in ("saga.toml", "./saga.toml", str(tmp_path / "saga.toml"))
    }
    assert len(paths) == 1


# What does not fit -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "JSON as saga-chaos writes it"),
        (b"[" * 100_000, "Stored counterexamples are ignored"),
        (b"\xff\xfe", "JSON as saga-chaos writes it"),
        (file_of([fault()], format_version=2), "format_version: found 2"),
        (file_of([fault()], surprise=1), "surprise"),
        (b" " * (MOST_BYTES + 1), f"at most {MOST_BYTES}"),
    ],
)
def test_a_file_that_cannot_be_read_is_ignored_with_a_note(folder: Path, content: object, says: str) -> None:
    write(folder, PLANT.sound_scenario(), content)
    report, told = campaign(PLANT.sound_scenario(), folder, depth=0)
    assert stored_in(report) == Stored()
    (note,) = told
    assert "Stored counterexamples are ignored" in note
    assert says in note


@pytest.mark.parametrize(
    "gone", [fault(operation="stock.gone.create"), fault(kind="gone"), fault(nth=0), {"kind": 3}]
)
def test_one_that_names_what_is_not_there_is_dropped_and_the_others_are_tried(
    folder: Path, gone: dict[str, object]
) -> None:
    write(folder, PLANT.broken_scenario(), file_of([gone], [fault()]))
    report, told = campaign(PLANT.broken_scenario(), folder, depth=0)
    assert stored_in(report) == Stored(tried=1, failing=1)
    assert [note.partition(":")[0] for note in told] == ["A stored counterexample is dropped"]
    assert kept(folder) == [[fault()]]


def test_one_that_the_claims_do_not_unlock_waits(folder: Path) -> None:
    broken = PLANT.broken_scenario()
    lost = fault(kind="lose_reply")
    write(folder, broken, file_of([lost]))
    bare = replace(broken, spec=replace(broken.spec, claims=frozenset[Claim]()))
    report, told = campaign(bare, folder, depth=0)
    assert (stored_in(report), told) == (Stored(), [])
    assert kept(folder) == [[lost]]
    assert stored_in(campaign(broken, folder, depth=0)[0]).tried == 1


def jobs(folder: Path, scenario: Scenario) -> list[Any]:
    return StoredCounterexamples(folder, scenario, "sim", print).jobs()


def test_an_input_that_is_no_longer_one_waits(folder: Path) -> None:
    plain = PLANT.sound_scenario()
    number: dict[str, Json] = {"type": "integer", "minimum": 5}
    schema = SchemaInputs(schema=number, where="here")
    write(folder, plain, file_of([fault()], input_=7))
    plan = FaultPlan((LOST_TWICE,))
    assert jobs(folder, plain) == []
    assert jobs(folder, replace(plain, inputs=(1, 7))) == [(1, plan)]
    assert jobs(folder, replace(plain, inputs=(5,), input_strategy=schema)) == [(DrawnInput(b"7"), plan)]
    larger = SchemaInputs(schema={**number, "minimum": 8}, where="here")
    assert jobs(folder, replace(plain, inputs=(9,), input_strategy=larger)) == []


def test_no_more_than_a_few_are_read_and_kept(folder: Path) -> None:
    many = [[fault(nth=number)] for number in range(1, MOST + 30)]
    write(folder, PLANT.sound_scenario(), file_of(*many))
    assert len(jobs(folder, PLANT.sound_scenario())) == MOST


def test_a_folder_that_takes_nothing_is_told_and_the_verdict_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file, where a folder should be")
    report, told = campaign(PLANT.broken_scenario(), folder)
    assert report.verdict == "fail"
    assert [note.partition(":")[0] for note in told] == ["Counterexamples were not kept"]
    assert report.environment is None


def test_what_is_wrong_at_another_step_of_a_service_of_ones_own_is_kept_too(folder: Path) -> None:
    scenario = PLANT.scenario("broken")
    found = InvariantAggregate("idempotent_actions", frozenset({"charge", "ship"}))
    for step in ("charge", "ship"):
        found.add(twice(step, "duplicate"), Verdict.VIOLATED)
    aggregate = empty_aggregate(scenario)
    aggregate.invariants = {found.id: found}
    StoredCounterexamples(folder, scenario, "sim", print).keep(aggregate)
    assert [plan[0]["operation"] for plan in kept(folder)] == ["charge.thing.create", "ship.thing.create"]
