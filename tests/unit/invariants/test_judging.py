"""All are judged; one that crashes is unknown with its traceback, and never held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.errors import ScenarioError
from harness.history import EndedEarly
from harness.invariants import (
    INVARIANTS,
    Invariant,
    InvariantViolated,
    Verdict,
    invariants_of,
    judge_view,
    worst,
)
from harness.invariants.base import Finding
from harness.loading import load
from harness.plan.decision import Symptom
from harness.views import SagaView, View
from tests.unit.invariants.tale import Tale

CATALOGUE = (
    "no_orphaned_resources",
    "idempotent_actions",
    "idempotent_compensation",
    "complete_compensation",
    "compensation_order",
    "pivot_correctness",
    "truthful_outcome",
    "termination",
    "no_zombie_effects",
    "bounded_retries",
    "isolation",
    "failed_compensation_escalated",
    "log_agreement",
    "idempotency_keys",
)


def test_the_fourteen_of_the_catalogue() -> None:
    assert tuple(INVARIANTS.ours) == CATALOGUE
    assert all(one.id == id_ and one.says.endswith(".") for id_, one in INVARIANTS.ours.items())


def test_each_fails_by_a_class_of_its_own() -> None:
    errors = {one.error for one in INVARIANTS.ours.values()}
    assert len(errors) == len(INVARIANTS.ours)
    assert all(issubclass(error, InvariantViolated) and issubclass(error, AssertionError) for error in errors)


def crashes(view: View, saga: SagaView) -> Iterator[Finding]:
    raise ZeroDivisionError("in the check")
    yield


@pytest.mark.parametrize(
    "broken",
    [
        replace(INVARIANTS["termination"], finds=crashes),
        replace(INVARIANTS["termination"], exercised=lambda view, saga: bool(1 / 0)),
    ],
)
def test_a_crashed_check_is_unknown_and_the_others_are_judged(broken: Invariant) -> None:
    crashed, judged = judge_view(Tale().end("completed").view, [broken, INVARIANTS["termination"]])
    assert crashed.verdict is Verdict.UNKNOWN
    assert crashed.message.startswith("the check crashed: ZeroDivisionError: ")
    assert "Traceback (most recent call last)" in crashed.traceback
    assert "test_judging.py" in crashed.traceback
    assert (judged.verdict, judged.traceback) == (Verdict.HELD, "")


def test_all_violations_of_a_run_are_told() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE, applied=True)
    judged = judge_view(tale.end("compensated", log=[["hold", "done"]]).view, INVARIANTS.ours.values())
    violated = [one.invariant for one in judged if one.verdict is Verdict.VIOLATED]
    assert violated == [
        "no_orphaned_resources",
        "complete_compensation",
        "truthful_outcome",
        "log_agreement",
    ]


def test_evidence_is_sorted_and_told_once() -> None:
    def finds(view: View, saga: SagaView) -> Iterator[Finding]:
        yield Finding("first", (3, 1, 3))
        yield Finding("second", (2,))

    judged = replace(INVARIANTS["termination"], finds=finds).judge(Tale().view)
    assert (judged.message, judged.evidence) == ("first", (1, 3))


def test_every_saga_of_a_run_is_judged() -> None:
    tale = Tale(sagas=("saga-1", "saga-2")).end("completed")
    assert tale.violation("termination") == "the saga never ended"


@pytest.mark.parametrize(
    ("verdicts", "comes_to"),
    [
        ((), Verdict.NOT_EXERCISED),
        ((Verdict.HELD, Verdict.NOT_EXERCISED), Verdict.HELD),
        ((Verdict.UNKNOWN, Verdict.HELD), Verdict.UNKNOWN),
        ((Verdict.UNKNOWN, Verdict.VIOLATED, Verdict.HELD), Verdict.VIOLATED),
    ],
)
def test_the_worst_verdict_wins(verdicts: tuple[Verdict, ...], comes_to: Verdict) -> None:
    assert worst(verdicts) is comes_to


@pytest.mark.parametrize("id_", INVARIANTS.ours)
def test_of_a_run_that_was_ended_early_only_what_happened_until_then_is_judged(id_: str) -> None:
    tale = Tale()
    tale.act("hold")
    tale.events.append(EndedEarly(t_s=tale.now_s, why="30 attempts of the undo of step hold"))
    judged = tale.judge(id_)
    told = "not judged, the run was ended early: 30 attempts of the undo of step hold"
    assert (judged.message == told) is INVARIANTS[id_].at_end
    assert judged.verdict is not Verdict.VIOLATED


def test_a_run_may_be_judged_by_some_alone() -> None:
    scenario = replace(load("order-fulfilment"), only=("termination", "compensation_order"))
    assert list(invariants_of(scenario)) == ["compensation_order", "termination"]


def test_what_it_is_to_be_judged_by_has_to_be_there() -> None:
    scenario = replace(load("order-fulfilment"), only=("terminates",))
    with pytest.raises(ScenarioError, match="judged by: found 'terminates', expected 'termination'"):
        invariants_of(scenario)
