"""Refusals for callers whom nobody sees coming: armed ahead, by a trigger, in every endpoint set."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.history import CallFailed
from harness.plan import FaultPlan, Lasting
from harness.plan.decision import Symptom
from harness.worlds.wire import WireWorld
from harness.worlds.wire.outages import UNMET
from tests.wire.orders import CHARGE, effects_of, outcomes, receipts
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


@pytest.mark.parametrize("kind", ["lose_request", "lose_reply", "reset_after", "cut_reply"])
def test_a_call_that_a_toxic_strikes_keeps_its_proxy_until_it_was_shown(world: WireWorld, kind: str) -> None:
    """Its end takes the participant away: not before the toxic has done what it does."""
    done = run(world, journal(), plan(kind), plan("refuse", nth=2))
    assert sorted((one.kind, one.call) for one in receipts(done.history) if one.fault is not None) == sorted(
        [(kind, 2), ("refuse", 2)]
    )
    assert not done.history.void
    assert violated(done) == {}


def test_after_a_slow_reply_the_saga_goes_on_and_finds_nobody(world: WireWorld) -> None:
    done = run(world, journal(), plan("slow", RESERVE), plan("refuse"))
    assert sorted(fired(done)) == [("refuse", 1, "disabled"), ("slow", 1, "latency")]
    assert violated(done) == {}


def unmet(done: object) -> list[tuple[str, int, bool, str]]:
    told = done.history.unconfirmed()  # type: ignore[attr-defined]
    return [(one.kind, one.call, one.void, one.reason) for one in told]


def test_a_call_of_another_participant_ends_what_is_counted(world: WireWorld, tmp_path: Path) -> None:
    """One attempt at the charge finds nobody; the undo that follows it brings payments back."""
    undo = """
try:
    make("charge", "PAYMENTS")
except ConnectionRefusedError:
    pass
for what, service in (("reservation", "INVENTORY"), ("charge", "PAYMENTS")):
    connection = http.client.HTTPConnection(urlsplit(os.environ[f"SAGA_{service}_URL"]).netloc, timeout=5)
    connection.request("DELETE", f"/{what}s?saga_id={sys.argv[2]}")
    assert connection.getresponse().status == 204
print('OUTCOME {"status": "compensated"}')
"""
    code = CHARGES.replace('make("charge", "PAYMENTS")', undo)
    done = run(world, command(tmp_path, code), plan("refuse"))
    assert fired(done) == [("refuse", 1, "disabled")]
    assert statuses(done) == ["compensated"]
    assert [call.sent.operation for call in done.history.calls] == [RESERVE, UNDO, BACK]


def test_the_next_step_of_a_saga_that_goes_on_ends_nothing(world: WireWorld) -> None:
    """Away after the reservation, and through the charge: the undo that follows finds nobody."""
    done = run(world, journal(), plan("outage", RESERVE), plan("reject"))
    assert sorted(fired(done)) == [("outage", 1, "disabled"), ("reject", 2, None)]
    assert (statuses(done), violated(done)) == (["stuck"], {})


@pytest.mark.parametrize("operation", [RESERVE, CHARGE])
def test_who_is_away_and_wanted_by_nobody_did_not_fire(world: WireWorld, operation: str) -> None:
    done = run(world, journal(), plan("outage", operation))
    assert fired(done) == []
    assert unmet(done) == [("outage", 1 if operation == RESERVE else 2, False, UNMET)]
    assert (statuses(done), violated(done)) == (["completed"], {})


def test_for_ever_lasts_until_all_settles(world: WireWorld) -> None:
    done = run(
        world,
        journal(time_limit_s=3.0, patience_s=0.7),
        plan("outage", RESERVE, count=Lasting.FOR_EVER),
        plan("reject"),
    )
    assert sorted(kind for kind, _, _ in fired(done)) == ["outage", "reject"]
    assert violated(done) == {}


def test_until_the_restart(world: WireWorld) -> None:
    faults = (plan("outage", RESERVE, count=Lasting.UNTIL_RESTART), plan("crash", variant="applied"))
    done = run(world, journal(), *faults)
    assert [kind for kind, _, _ in fired(done)] == ["crash"]
    assert unmet(done) == [("outage", 1, False, UNMET)]
    assert (statuses(done), violated(done)) == (["completed"], {})


def test_it_is_back_after_the_restart(world: WireWorld) -> None:
    """The undo of the charge goes through, then the process dies; the next one finds the inventory."""
    lasting = plan("outage", RESERVE, count=Lasting.UNTIL_RESTART)
    done = run(world, journal(), lasting, plan("reject"), plan("crash", BACK, variant="applied"))
    assert {kind for kind, _, _ in fired(done)} == {"reject", "crash"}
    assert (statuses(done), violated(done)) == (["compensated"], {})


@pytest.mark.parametrize(("kind", "asks"), [("cut_reply", True), ("duplicate", False)])
def test_a_query_finds_nobody(world: WireWorld, tmp_path: Path, kind: str, asks: bool) -> None:
    """A saga that does not know whether it charged, and ends with that, met the refusal when it asked."""
    rest = """
try:
    make("charge", "PAYMENTS")
    print('OUTCOME {"status": "completed"}')
except http.client.HTTPException:
    time.sleep(0.1)  # a call that comes at once meets a connection that is cut as payments goes
    connection = http.client.HTTPConnection(urlsplit(os.environ["SAGA_PAYMENTS_URL"]).netloc, timeout=5)
    try:
        connection.request("GET", f"/charges?saga_id={sys.argv[2]}")
    except ConnectionRefusedError:
        pass
    print('OUTCOME {"status": "stuck"}')
"""
    code = "import time\n" + CHARGES.replace('make("charge", "PAYMENTS")', rest)
    done = run(world, command(tmp_path, code), plan(kind), plan("refuse", "payments.charge.find"))
    assert ("refuse" in {kind for kind, _, _ in fired(done)}) is asks


@pytest.mark.parametrize("undo", [UNDO, BACK])
def test_an_undo_finds_nobody(world: WireWorld, undo: str) -> None:
    done = run(world, journal(), plan("reject"), plan("refuse", undo))
    planned = [
        (kind, call) for kind, call, _ in fired(done) if kind != "reset_before"
    ]  # that is a collateral hit
    assert planned == [("reject", 2), ("refuse", 2)]
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


def test_the_other_endpoint_set_is_struck_too(world: WireWorld) -> None:
    faults = plan("outage", RESERVE, count=Lasting.FOR_EVER), plan("reject"), plan("move", BACK)
    done = run(world, journal(), *faults)
    assert {kind for kind, _, _ in fired(done)} == {"outage", "reject", "move"}
    assert (statuses(done), violated(done)) == (["stuck"], {})


def test_the_next_run_finds_everybody(world: WireWorld) -> None:
    run(world, journal(), plan("refuse", RESERVE, count=Lasting.FOR_EVER))
    assert statuses(run(world, journal(), FaultPlan())) == ["completed"]


def test_a_saga_that_does_not_try_again_is_refused(world: WireWorld, tmp_path: Path) -> None:
    done = run(world, command(tmp_path, f"{CHARGES}{GOOD}"), plan("refuse"))
    [ended] = outcomes(done.history)
    assert ended.problem is not None
    assert "ConnectionRefusedError" in ended.problem
