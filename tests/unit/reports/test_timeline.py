from __future__ import annotations

from pathlib import Path

from harness.history import (
    CallAnswered,
    CallFailed,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    History,
    KeyConflict,
    Released,
    RunBegan,
    read_history,
    write_history,
)
from harness.history.events import AnyEvent
from harness.plan.decision import Symptom
from reports.bundle import read_bundle
from reports.rows import rows
from reports.timeline import elided, timeline
from tests.unit.reports.samples import (
    SAGA,
    crashed,
    failing,
    late_charge,
    lost_charge,
    report,
    sent,
    write_findings,
)
from tests.unit.reports.snapshots import check_snapshot


def test_a_short_run_reads_well() -> None:
    check_snapshot("\n".join(timeline(lost_charge(), (10, 15))) + "\n", "timeline-lost-charge.txt")


def test_a_long_run_keeps_evidence_and_what_differs() -> None:
    history = late_charge()
    landed = len(history.events) - 2
    lines = timeline(history, (landed,), most=10)
    assert len(lines) <= 11
    assert [line for line in lines if line.startswith(">")] == [
        "> 33.000 s  after its sender gave up, POST /charges of 0.000 s: payments.charge #1 created"
    ]
    check_snapshot("\n".join(lines) + "\n", "timeline-late-charge.txt")


def test_a_long_list_of_evidence_is_shown_whole() -> None:
    history = late_charge()
    every = range(len(history.events))
    assert not any("more line" in line for line in timeline(history, every, most=5))


def test_what_the_sender_saw_is_said_in_words() -> None:
    ends: list[AnyEvent] = [
        CallFailed(t_s=1, call=1, symptom=Symptom.REFUSED),
        CallFailed(t_s=1, call=2, symptom=Symptom.RESET),
        CallFailed(t_s=1, call=3, symptom=Symptom.CUT),
        CallFailed(t_s=1, call=4, symptom=Symptom.NONE, abandoned=True),
        CallFailed(t_s=1, call=5, symptom=Symptom.SILENCE, broken_off=True),
        CallAnswered(t_s=1, call=6, status=200, readable=False),
        CallAnswered(t_s=1, call=7, status=429, retry_after_s=2.0),
    ]
    events: list[AnyEvent] = [
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={}),
        *(sent(call, 0.0, "charge", "POST /charges") for call in range(1, 9)),
        *ends,
        KeyConflict(t_s=1, call=7, key="k"),
        Released(t_s=2, call=8, dropped=True),
    ]
    made = rows(History(tuple(events)))
    assert [row.came for row in made[:8]] == [
        "no connection",
        "connection reset",
        "reply cut short",
        "gave up after 1.00 s",
        "still waiting when all healed",
        "200, unreadable",
        "429, retry after 2.00 s",
        "still waiting",
    ]
    assert made[6].notes == ("same key, another body",)
    assert made[8].what == "the held POST /charges is dropped, for no saga could hold against it"


def test_executors_and_ends_are_told_apart_only_where_there_are_several() -> None:
    events = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={}),
        ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
        ExecutorEnded(t_s=1, executor=1, saga_id=SAGA, problem="the saga raised KeyError: 'x'"),
        ExecutorBegan(t_s=1, executor=2, saga_id=SAGA, resumed=True),
        ExecutorEnded(t_s=2, executor=2, saga_id=SAGA, timed_out=True),
    )
    assert [row.what for row in rows(History(events))] == [
        "the saga #1 starts",
        "the saga #1 ends without an outcome: the saga raised KeyError: 'x'",
        "the saga #2 is called again",
        "the saga #2 does not come back",
    ]


def test_what_befell_a_process_is_told_where_it_happened() -> None:
    history = crashed()
    struck = next(index for index, event in enumerate(history.events) if isinstance(event, ExecutorStruck))
    lines = timeline(history, (struck,))
    assert [line for line in lines if line.startswith(">")] == [
        "> 0.001 s  the saga #1 dies once POST /charges was applied"
    ]
    check_snapshot("\n".join(lines) + "\n", "timeline-crashed.txt")


def test_no_single_line_is_left_out() -> None:
    """The line that says so would be as long."""
    made = rows(late_charge(), (3,))
    for most in range(4, len(made)):
        shown = elided(made, most)
        assert 1 not in [row.left_out for row in shown]
        assert sum(row.left_out or 1 for row in shown) == len(made)


def test_an_executor_that_was_not_struck_is_started_or_called_again() -> None:
    events = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={}),
        ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
        ExecutorBegan(t_s=0, executor=2, saga_id=SAGA),
        ExecutorBegan(t_s=1, executor=3, saga_id=SAGA, resumed=True),
    )
    assert [row.what for row in rows(History(events))] == [
        "the saga #1 starts",
        "the saga #2 starts too",
        "the saga #3 is called again",
    ]


def test_a_history_from_disk_gives_the_same_lines(tmp_path: Path) -> None:
    write_history(lost_charge(), tmp_path / "one.ndjson")
    assert timeline(read_history(tmp_path / "one.ndjson")) == timeline(lost_charge())


def test_a_history_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "failures").mkdir()
    write_findings(tmp_path)
    (tmp_path / "histories" / "order-1.ndjson").write_text("no json\n")
    read = read_bundle(report(failing()), tmp_path)
    assert read.histories == {}
    assert read.violations[0].failure is not None
