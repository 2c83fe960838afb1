"""How faults of a process are told in a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.faults import KINDS
from harness.plan import Fault, FaultPlan, Lasting, Preemption
from reports.words import fault_line, plan_lines, process_fault_words

CHARGE = "payments.charge.create"


@pytest.mark.parametrize(
    ("kind", "variant", "count", "line"),
    [
        ("crash", "applied", 2, f"the process dies once {CHARGE} #1 was applied, twice in a row"),
        ("crash", "before_send", 1, f"the process dies before {CHARGE} #1 is sent"),
        (
            "crash",
            "on_arrival",
            3,
            f"the process dies as {CHARGE} #1 arrives, before it is applied, 3 times in a row",
        ),
        ("crash", "answered", 1, f"the process dies after the answer to {CHARGE} #1"),
        ("move", "", 1, f"the process dies once {CHARGE} #1 was applied, and is resumed on another node"),
        (
            "race",
            "",
            1,
            f"the process dies once {CHARGE} #1 was applied, and two executors resume it at once",
        ),
        ("start_twice", "at_once", 1, f"the same id is started once more as {CHARGE} #1 arrives"),
        (
            "start_twice",
            "after_end",
            1,
            f"the same id is started once more after the end of what sent {CHARGE} #1",
        ),
        (
            "cancel",
            "applied",
            Lasting.FOR_EVER,
            f"the caller cancels once {CHARGE} #1 was applied, each time until all heals",
        ),
        (
            "cancel",
            "applied",
            Lasting.UNTIL_RESTART,
            f"the caller cancels once {CHARGE} #1 was applied, until the next restart",
        ),
    ],
)
def test_what_befalls_a_process(kind: str, variant: str, count: int | Lasting, line: str) -> None:
    fault = Fault(kind=kind, operation=CHARGE, variant=variant, count=count)
    assert fault_line(fault) == f"{kind}: {line}"


def test_every_process_fault_has_words_at_every_boundary_and_nothing_else_has() -> None:
    for kind in KINDS.values():
        for variant in kind.all_variants:
            told = process_fault_words(Fault(kind=kind.name, operation=CHARGE, variant=variant))
            assert bool(told) is (kind.process_fault is not None)
            assert "{" not in told


def test_what_lasts_until_the_next_restart_says_so() -> None:
    plan = FaultPlan((Fault(kind="refuse", operation=CHARGE, count=Lasting.UNTIL_RESTART),))
    assert plan_lines(plan)[0].startswith(f"refuse at {CHARGE}, from call 1 on until the next restart: ")


def test_a_share_of_the_time_out_says_of_what() -> None:
    slow = Fault(kind="slow", operation="a.b.create", variant="60%")
    assert fault_line(slow) == "slow (60% of the time-out) at a.b.create, call 1: the reply comes late"
    assert fault_line(replace(slow, variant="80ms")).startswith("slow (80ms) at a.b.create")


@pytest.mark.parametrize(
    ("variant", "line"),
    [
        ("between:2", f"the process dies after change 2 of its store that follows {CHARGE} #1"),
        ("start:1", f"the process dies after change 1 of its store, before its first call, {CHARGE} #1"),
        ("between:25%", f"the process dies 25 % into the pause after {CHARGE} #1"),
        ("between:0%", f"the process dies right after the reply to {CHARGE} #1"),
    ],
)
def test_a_death_between_two_calls(variant: str, line: str) -> None:
    assert fault_line(Fault(kind="crash", operation=CHARGE, variant=variant)) == f"crash: {line}"


def test_a_fault_that_names_its_saga_says_so() -> None:
    second = Fault(kind="refuse", operation="a.b.create", nth=2, count=3, saga=2)
    assert fault_line(second).startswith("refuse at a.b.create, call 2 of saga 2 and the 2 after it")
    lasting = replace(second, count=Lasting.FOR_EVER)
    assert "a.b.create, from call 2 of saga 2 on until all heals" in fault_line(lasting)
    assert f"once {CHARGE} #1 of saga 2 was applied" in fault_line(
        Fault(kind="crash", operation=CHARGE, variant="applied", saga=2)
    )


def test_a_plan_of_several_sagas_says_which_id_each_has() -> None:
    held = Preemption(saga=1, operation="a.b.create", nth=1, run=3)
    several = FaultPlan((), preemptions=(held,), sagas=3)
    told = plan_lines(several, "order-1")
    assert told == [*plan_lines(several), "saga 1 is order-1, saga 2 is order-1-2, saga 3 is order-1-3"]
    alone = FaultPlan((Fault(kind="refuse", operation="a.b.create"),))
    assert plan_lines(alone, "order-1") == plan_lines(alone)
