"""One counterexample is one entry, whatever it breaks; and what became of it since the report before."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harness.history import write_history
from harness.plan import Fault, FaultPlan, Preemption, Site
from harness.report_model import (
    Invariant,
    Provenance,
    Report,
    ScenarioReport,
    Search,
    Verdict,
    write_failure,
    write_report,
)
from reports.bundle import read_bundle
from reports.comparison import Change, Since, compared
from reports.findings import findings
from reports.html import report_html
from reports.words import preemption_line, sagas_line
from tests.unit.reports.samples import (
    LOST_REPLY,
    failing,
    failure,
    late_charge,
    passing,
    report,
    write_findings,
)

SECOND = "failures/order-sim-idempotent_actions.json"


def test_two_calls_that_are_delivered_together_are_told_so() -> None:
    until = Site(operation="hall.seat.create")
    one = Preemption(saga=1, operation="hall.seat.create", run=2, until=until, together=True)
    assert preemption_line(one) == (
        "preempt: saga 1 is held at its call 1 of hall.seat.create, saga 2 runs until its call 1 of "
        "hall.seat.create, and the two are delivered at the same time"
    )


def test_the_same_plan_and_input_are_one_finding_with_the_evidence_of_both(tmp_path: Path) -> None:
    write_findings(tmp_path)
    second = msgspec.structs.replace(failure("idempotent_actions"), evidence=(5,))
    write_failure(second, tmp_path / SECOND)
    (found,) = findings(read_bundle(report(failing()), tmp_path))
    assert [one.invariant.id for one in found.violations] == ["no_orphaned_resources", "idempotent_actions"]
    assert found.evidence == {5, 10, 15}
    assert found.guarantees == ("lost_reply",)
    assert found.title == second.message


def test_the_evidence_of_another_run_of_the_same_plan_is_not_mixed_in(tmp_path: Path) -> None:
    write_findings(tmp_path)
    write_history(late_charge(), tmp_path / "histories" / "other.ndjson")
    second = msgspec.structs.replace(
        failure("idempotent_actions"), evidence=(5,), history="histories/other.ndjson"
    )
    write_failure(second, tmp_path / SECOND)
    (found,) = findings(read_bundle(report(failing()), tmp_path))
    assert found.evidence == {10, 15}


def test_another_plan_or_another_input_is_another_finding(tmp_path: Path) -> None:
    write_findings(tmp_path)
    assert len(findings(read_bundle(report(failing()), tmp_path))) == 2
    same_plan = msgspec.structs.replace(failure("idempotent_actions"), input={"sku": "B"})
    write_failure(same_plan, tmp_path / SECOND)
    assert len(findings(read_bundle(report(failing()), tmp_path))) == 2


def test_the_counterexample_of_a_guarantee_alone_is_a_finding_too(tmp_path: Path) -> None:
    write_findings(tmp_path)
    path = "failures/order-sim-guarantee-lost_reply.json"
    plan = LOST_REPLY.with_fault(Fault(kind="reject", operation="shipping.parcel.create"))
    write_failure(failure(plan=plan), tmp_path / path)
    one = failing()
    guarantees = (msgspec.structs.replace(one.guarantees[0], failure=path), *one.guarantees[1:])
    given = report(msgspec.structs.replace(one, guarantees=guarantees))
    found = findings(read_bundle(given, tmp_path))
    assert [(each.guarantees, len(each.violations)) for each in found] == [
        ((), 1),
        ((), 1),
        (("lost_reply",), 0),
    ]


def test_anchors_are_told_apart_even_where_nothing_can_be_read(tmp_path: Path) -> None:
    given = report(failing(), failing(name="other"), failing(world="wire"))
    anchors = [one.anchor for one in findings(read_bundle(given, tmp_path))]
    assert len(anchors) == len(set(anchors)) == 6


FULL = Search(kind="both", depth=2, complete=True)


def judged(search: Search = FULL, **verdicts: Verdict) -> Report:
    invariants = tuple(Invariant(id=id_, verdict=verdict) for id_, verdict in verdicts.items())
    return report(msgspec.structs.replace(passing(), invariants=invariants, search=search))


@pytest.mark.parametrize(
    "search",
    [
        Search(kind="both", depth=2, complete=False, left_out=9),
        Search(kind="both", depth=1, complete=True),
        Search(kind="hypothesis", depth=2, complete=True),
    ],
)
def test_a_search_that_could_not_have_found_it_again_calls_nothing_fixed(search: Search) -> None:
    before = judged(a=Verdict.VIOLATED)
    (change,) = compared(judged(search, a=Verdict.HELD), before)
    assert change.since is Since.NOT_SHOWN


def test_new_still_failing_fixed_and_not_shown_again() -> None:
    held, violated, idle = Verdict.HELD, Verdict.VIOLATED, Verdict.NOT_EXERCISED
    before = judged(a=violated, b=violated, c=violated, d=held, e=violated)
    now = judged(a=violated, b=held, c=idle, d=violated)
    assert compared(now, before) == tuple(
        Change(scenario="order-sync (wire)", invariant=id_, since=since)
        for id_, since in (
            ("a", Since.STILL_FAILING),
            ("d", Since.NEW),
            ("b", Since.FIXED),
            ("c", Since.NOT_SHOWN),
            ("e", Since.NOT_SHOWN),
        )
    )
    assert compared(now, None) == ()


def test_a_scenario_that_was_not_searched_this_time_is_not_fixed() -> None:
    before, now = report(failing()), report(passing())
    assert {one.since for one in compared(now, before)} == {Since.NOT_SHOWN}


def test_the_report_before_is_found_where_the_report_says_and_nowhere_else(tmp_path: Path) -> None:
    def named(previous: str) -> Report:
        told = Provenance(previous=previous)
        return msgspec.structs.replace(report(passing()), provenance=told)

    out = tmp_path / "out" / "b"
    for folder in (tmp_path / "out" / "a", out / "previous", tmp_path / "far"):
        write_report(report(scenario_of(folder)), folder / "report.json")
    for previous, expected in (("../a", "a"), ("", "previous"), ("previous", "previous")):
        found = read_bundle(named(previous), out).previous
        assert found is not None
        assert found.scenarios[0].name == expected
    for elsewhere in ("../../far", str(tmp_path / "far"), "..", "../a/../../far"):
        assert read_bundle(named(elsewhere), out).previous is None


def scenario_of(folder: Path) -> ScenarioReport:
    return passing(name=folder.name)


def test_a_guarantee_that_is_not_claimed_is_not_said_to_be(tmp_path: Path) -> None:
    """`--unclaimed` sends the faults of every guarantee, and may refute one that nobody claims."""
    write_findings(tmp_path)
    given = failing()
    refuted = given.guarantees[0]
    told = {}
    for claimed in (True, False):
        guarantees = (msgspec.structs.replace(refuted, claimed=claimed), *given.guarantees[1:])
        one = msgspec.structs.replace(given, guarantees=guarantees, unclaimed=not claimed)
        told[claimed] = report_html(read_bundle(report(one), tmp_path))
    said = {True: "The saga claims it, and this refutes it.", False: "The saga does not claim it"}
    for claimed, page in told.items():
        assert said[claimed] in page
        assert said[not claimed] not in page


def test_a_plan_of_several_sagas_says_who_is_held_where(tmp_path: Path) -> None:
    write_findings(tmp_path)
    held = Preemption(saga=1, operation="payments.charge.create", nth=1, run=2)
    plan = FaultPlan((), preemptions=(held,), sagas=2)
    write_failure(failure("idempotent_actions", plan), tmp_path / SECOND)
    page = report_html(read_bundle(report(failing()), tmp_path))
    assert preemption_line(held) in page
    assert sagas_line(plan) in page
    saga_id = failure().saga_id
    assert page.count(f"saga 1 is {saga_id}, saga 2 is {saga_id}-2") == 1
    assert page.count("no fault at all") == 1
