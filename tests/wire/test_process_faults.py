"""Real SIGKILL, SIGSTOP and SIGCONT at what the participant sees; sound sagas hold, their twins do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.history import CallSent, Delivered, EffectApplied, ExecutorEnded
from harness.plan import FaultPlan, Lasting
from harness.worlds.wire import WireWorld
from tests.wire.orders import CHARGE, outcomes, receipts
from tests.wire.sagas import (
    RESERVE,
    Make,
    command,
    executors,
    journal,
    plan,
    process_faults,
    run,
    service,
    statuses,
    violated,
    woken,
)
from tests.wire.test_commands import CHARGES, GOOD, WORKS_ON

MAKE_CHARGE = 'make("charge", "PAYMENTS")'

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

world = pytest.fixture(name="world")(lambda real_world: real_world)

UNDO = "inventory.reservation.delete_by_saga"
BOTH = pytest.mark.parametrize("make", [journal, service])
REJECTED = plan("reject")


@BOTH
def test_without_a_fault(world: WireWorld, make: Make) -> None:
    done = run(world, make())
    assert (statuses(done), violated(done), executors(done)) == (["completed"], {}, [(1, False, 1)])
    assert done.history.began.visible_attempts


@BOTH
@pytest.mark.parametrize("operation", [RESERVE, CHARGE])
@pytest.mark.parametrize("boundary", ["on_arrival", "applied", "answered"])
def test_a_crash_at_every_boundary(world: WireWorld, make: Make, boundary: str, operation: str) -> None:
    done = run(world, make(), plan("crash", operation, variant=boundary))
    call = 1 if operation == RESERVE else 2
    assert (statuses(done), violated(done)) == (["completed"], {})
    assert process_faults(done) == [(1, call, "crash", boundary)]
    assert [(one.kind, one.fault, one.call) for one in receipts(done.history)] == [("crash", 0, call)]
    assert executors(done) == [(1, False, 1), (2, True, 1)]
    assert [one.executor for one in outcomes(done.history)] == [2]  # of the dead one nobody heard
    applied = [one.call for one in done.history.events if isinstance(one, EffectApplied)]
    assert (call in applied) == (boundary != "on_arrival")


@pytest.mark.parametrize("boundary", ["on_arrival", "applied", "answered"])
def test_a_crash_while_compensating(world: WireWorld, boundary: str) -> None:
    done = run(world, journal(), REJECTED, plan("crash", UNDO, variant=boundary))
    assert (statuses(done), violated(done)) == (["compensated"], {})
    assert [(process_fault, where) for _, _, process_fault, where in process_faults(done)] == [
        ("crash", boundary)
    ]


def test_a_crash_in_the_recovery(world: WireWorld) -> None:
    done = run(world, journal(), plan("crash", variant="applied", count=2))
    assert (statuses(done), violated(done)) == (["completed"], {})
    assert [executor for executor, _, _, _ in process_faults(done)] == [1, 2]
    assert executors(done) == [(1, False, 1), (2, True, 1), (3, True, 1)]


def test_a_request_that_follows_the_answer_reaches_nobody(world: WireWorld) -> None:
    done = run(world, journal(), plan("crash", RESERVE, variant="answered"))
    sent = [one for one in done.history.events if isinstance(one, CallSent)]
    delivered = [one.call for one in done.history.events if isinstance(one, Delivered)]
    assert [(one.executor, one.operation) for one in sent] == [(1, RESERVE), (1, CHARGE), (2, CHARGE)]
    assert delivered == [1, 3]


@BOTH
def test_a_restart_on_another_node(world: WireWorld, make: Make) -> None:
    done = run(world, make(), plan("move"))
    assert (statuses(done), violated(done)) == (["completed"], {})
    assert executors(done) == [(1, False, 1), (2, True, 2)]


def test_two_resume_at_once(world: WireWorld) -> None:
    done = run(world, journal(), plan("race"))
    assert (statuses(done), violated(done)) == (["completed"], {})
    assert executors(done) == [(1, False, 1), (2, True, 1), (3, True, 1)]
    assert len({one.executor for one in outcomes(done.history)}) == 2


@pytest.mark.parametrize("boundary", ["on_arrival", "applied", "answered"])
def test_a_second_one_goes_on_while_the_first_is_frozen(world: WireWorld, boundary: str) -> None:
    done = run(world, journal(), plan("pause", variant=boundary))
    assert (statuses(done), violated(done)) == (["completed"], {})
    assert woken(done) == [1]
    assert [one.executor for one in outcomes(done.history)] == [2, 1]


@BOTH
@pytest.mark.parametrize("variant", ["at_once", "later", "after_end"])
def test_the_same_id_is_started_twice(world: WireWorld, make: Make, variant: str) -> None:
    done = run(world, make(), plan("start_twice", RESERVE, variant=variant))
    assert (statuses(done), violated(done)) == (["completed"], {})
    assert executors(done) == [(1, False, 1), (2, False, 1)]
    assert [one.kind for one in receipts(done.history)] == ["start_twice"]


def test_two_process_faults_one_after_the_other(world: WireWorld) -> None:
    done = run(world, journal(), plan("pause", RESERVE, variant="applied"), plan("crash", variant="applied"))
    assert (statuses(done), violated(done)) == (["completed"], {})
    assert [(one, process_fault) for one, _, process_fault, _ in process_faults(done)] == [
        (1, "freeze"),
        (2, "crash"),
    ]
    assert woken(done) == [1]


@pytest.mark.parametrize(
    ("forgets", "faults", "caught_by"),
    [
        ("journal", (REJECTED, plan("crash", UNDO, variant="on_arrival")), "pivot_correctness"),
        ("keys", (plan("crash", variant="applied"),), "idempotency_keys"),
        ("undo", (REJECTED,), "no_orphaned_resources"),
    ],
)
def test_a_twin_that_forgets_is_caught(
    world: WireWorld, forgets: str, faults: tuple[FaultPlan, ...], caught_by: str
) -> None:
    assert violated(run(world, journal(), *faults)) == {}
    found = violated(run(world, journal(forgets), *faults))
    assert caught_by in found, found


def test_a_service_that_forgets_is_caught(world: WireWorld) -> None:
    faults = (REJECTED, plan("crash", UNDO, variant="on_arrival"))
    assert violated(run(world, service(), *faults)) == {}
    assert violated(run(world, service("journal"), *faults)) != {}


def test_what_lasts_until_the_restart_is_over_then(world: WireWorld) -> None:
    faults = plan("error_before", count=Lasting.UNTIL_RESTART), plan("crash", RESERVE, variant="answered")
    done = run(world, journal(), *faults)
    assert (statuses(done), violated(done)) == (["completed"], {})
    ends = [one for one in done.history.events if isinstance(one, ExecutorEnded)]
    assert [one.executor for one in ends] == [2]


def test_what_a_child_calls_after_the_end_is_struck_by_none(world: WireWorld, tmp_path: Path) -> None:
    """Its child makes the call at which it was to die; nobody dies, so nothing has fired."""
    code = f"{CHARGES.replace(MAKE_CHARGE, '')}{WORKS_ON}{GOOD}"
    done = run(world, command(tmp_path, code), plan("crash", variant="applied"))
    assert process_faults(done) == []
    assert receipts(done.history) == []
    assert executors(done) == [(1, False, 1)]
    assert [call.sent.operation for call in done.history.calls] == [RESERVE, CHARGE]
