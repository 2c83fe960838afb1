"""Refusals for callers whom nobody sees coming: armed ahead, by a trigger, in every lane."""

from __future__ import annotations

import pytest

from harness.history import CallFailed
from harness.plan import FaultPlan, Lasting
from harness.plan.treatment import Symptom
from harness.worlds.wire import WireWorld
from tests.wire.orders import effects_of, outcomes, receipts
from tests.wire.sagas import RESERVE, Make, command, journal, plan, run, service, statuses, violated
from tests.wire.test_commands import CHARGES, GOOD

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

UNDO = "inventory.reservation.delete_by_saga"
BACK = "payments.charge.delete_by_saga"


def fired(done: object) -> list[tuple[str, int, str | None]]:
    return [(one.kind, one.call, one.toxic) for one in receipts(done.history)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", [journal, service])
def test_nobody_listens_once_the_step_before_was_answered(world: WireWorld, make: Make) -> None:
    done = run(world, make(), plan("refuse"))
    assert fired(done) == [("refuse", 1, "disabled")]
    assert violated(done) == {}
    assert not done.history.began.visible_attempts


def test_the_first_step_finds_nobody_from_the_start(world: WireWorld) -> None:
    done = run(world, journal(), plan("refuse", RESERVE))
    assert fired(done) == [("refuse", 0, "disabled")]
    assert violated(done) == {}
    assert [call.sent.operation for call in done.history.calls if call.sent.operation == RESERVE] == []


def test_the_nth_call_finds_nobody_after_the_one_before(world: WireWorld) -> None:
    done = run(world, journal(), plan("error_before"), plan("refuse", nth=2))
    assert fired(done) == [("error_before", 2, None), ("refuse", 2, "disabled")]
    assert violated(done) == {}


def test_a_call_of_another_participant_ends_what_is_counted(world: WireWorld, tmp_path: object) -> None:
    """Away after the reservation; back as soon as the saga calls the other one."""
    done = run(world, journal(), plan("outage", RESERVE), plan("reject"))
    assert [kind for kind, _, _ in fired(done)] == ["outage", "reject"]
    assert (statuses(done), violated(done)) == (["compensated"], {})


def test_for_ever_lasts_until_all_settles(world: WireWorld) -> None:
    done = run(
        world,
        journal(time_limit_s=3.0, patience_s=0.7),
        plan("outage", RESERVE, count=Lasting.FOR_EVER),
        plan("reject"),
    )
    assert [kind for kind, _, _ in fired(done)] == ["outage", "reject"]
    assert violated(done) == {}


def test_until_the_restart(world: WireWorld) -> None:
    faults = (plan("outage", RESERVE, count=Lasting.UNTIL_RESTART), plan("crash", variant="applied"))
    done = run(world, journal(), *faults)
    assert {kind for kind, _, _ in fired(done)} == {"outage", "crash"}
    assert (statuses(done), violated(done)) == (["completed"], {})


@pytest.mark.parametrize("undo", [UNDO, BACK])
def test_an_undo_finds_nobody(world: WireWorld, undo: str) -> None:
    done = run(world, journal(), plan("reject"), plan("refuse", undo))
    assert [(kind, call) for kind, call, _ in fired(done)][:2] == [("reject", 2), ("refuse", 2)]
    assert violated(done) == {}


@pytest.mark.parametrize(("variant", "applied"), [("on_arrival", []), ("applied", ["created"])])
def test_a_participant_dies_in_the_middle_of_a_call(
    world: WireWorld, variant: str, applied: list[str]
) -> None:
    done = run(world, journal(), plan("participant_crash", variant=variant))
    assert fired(done) == [("participant_crash", 2, "disabled")]
    assert effects_of(done.history, 2) == applied
    [failed] = [one for one in done.history.events if isinstance(one, CallFailed) and one.call == 2]
    assert failed.symptom is Symptom.RESET
    assert violated(done) == {}


def test_the_other_lane_is_struck_too(world: WireWorld) -> None:
    done = run(world, journal(), plan("outage", RESERVE, count=Lasting.FOR_EVER), plan("move"))
    assert {kind for kind, _, _ in fired(done)} == {"outage", "move"}
    assert violated(done) == {}


def test_the_next_run_finds_everybody(world: WireWorld) -> None:
    run(world, journal(), plan("refuse", RESERVE, count=Lasting.FOR_EVER))
    assert statuses(run(world, journal(), FaultPlan())) == ["completed"]


def test_a_saga_that_does_not_try_again_is_refused(world: WireWorld, tmp_path: object) -> None:
    done = run(world, command(tmp_path, f"{CHARGES}{GOOD}"), plan("refuse"))  # type: ignore[arg-type]
    [ended] = outcomes(done.history)
    assert ended.problem is not None
    assert "ConnectionRefusedError" in ended.problem
