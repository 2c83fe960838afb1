"""`expires_s`: what is over by itself, when, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.history import Lapsed
from harness.loader import load_scenario
from harness.loader.target import load_target
from harness.participant import Owner, Request, Response, RestParticipant
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.saga import Outcome, Status
from harness.worlds.sim import SimWorld

HOLDS = Path(__file__).parents[2] / "sound" / "lapsing_hold"
HEAD = """format_version = 1
name = "n"
saga = { adapter = "callable", target = "sagas.py:order" }
"""
SEAT = """[participants.p.resources.seat]
kind = "state"
states = ["free", "held", "sold"]
get = "GET /seats/{id}"
[participants.p.resources.seat.transitions]
hold = { route = "POST /seats/{id}/hold", from = "free", to = "held", expires_s = 4 }
sell = { route = "POST /seats/{id}/sale", from = "held", to = "sold" }
free = { route = "DELETE /seats/{id}", from = ["held", "sold"], to = "free", undoes = ["hold", "sell"] }
[[steps]]
name = "s"
action = "p.seat.hold"
"""
STOCK = """[participants.p.resources.lamp]
kind = "stock"
opening = 5
get = "GET /lamps/{id}"
[participants.p.resources.lamp.postings]
reserve = { route = "POST /lamps/{id}/reservations", expires_s = 4 }
ship = { route = "POST /lamps/{id}/shipments" }
release = { route = "DELETE /lamps/{id}/reservations", undoes = "reserve" }
[[steps]]
name = "s"
action = "p.lamp.reserve"
"""


def participant(folder: Path, tables: str) -> RestParticipant:
    (folder / "sagas.py").write_text("async def order(ctx, input):\n    return None\n")
    (folder / "saga.toml").write_text(HEAD + tables)
    (found,) = load_scenario(str(folder / "saga.toml"), registered={}).participants
    assert isinstance(found, RestParticipant)
    return found


def send(at: RestParticipant, method: str, path: str, step: str = "s", body: bytes = b"{}") -> Response:
    headers = {"idempotency-key": f"{step}{path}"}
    request = Request(method=method, path=path, query={}, headers=headers, body=body)
    matched = at.match(request)
    assert matched is not None
    return at.handle(matched.operation, matched.id, request, Owner(saga_id="a", step=step)).response


def content(answered: Response) -> bytes:
    return answered.body


def test_a_state_is_back_where_it_was_once_its_time_is_up(tmp_path: Path) -> None:
    seats = participant(tmp_path, SEAT)
    assert seats.lapse(10.0) == ()
    assert send(seats, "POST", "/seats/1/hold").status == 200
    assert seats.lapse(13.9) == ()
    (lapsed,) = seats.lapse(14.0)
    assert (lapsed.resource, lapsed.incarnation, lapsed.detail) == (
        "p.seat",
        1,
        "held → free, its time was up",
    )
    assert b"free" in content(send(seats, "GET", "/seats/1"))
    assert send(seats, "POST", "/seats/1/sale", "t").status == 409
    assert send(seats, "POST", "/seats/1/hold").status == 200, "it may be held again"
    assert seats.lapse(14.1) == ()


def test_what_went_on_to_another_state_stays(tmp_path: Path) -> None:
    seats = participant(tmp_path, SEAT)
    send(seats, "POST", "/seats/1/hold")
    send(seats, "POST", "/seats/1/sale", "t")
    assert (seats.lapse(99.0), seats.lapse(None)) == ((), ())
    assert b"sold" in content(send(seats, "GET", "/seats/1"))


def test_what_was_undone_does_not_lapse_and_an_undo_of_what_lapsed_is_done(tmp_path: Path) -> None:
    seats = participant(tmp_path, SEAT)
    send(seats, "POST", "/seats/1/hold")
    send(seats, "DELETE", "/seats/1")
    assert seats.lapse(None) == ()
    send(seats, "POST", "/seats/2/hold")
    assert len(seats.lapse(None)) == 1
    assert send(seats, "DELETE", "/seats/2").status == 200


def test_what_was_not_captured_of_a_hold_is_released(tmp_path: Path) -> None:
    lamps = participant(tmp_path, STOCK)
    send(lamps, "POST", "/lamps/x/reservations", body=b'{"quantity": 3}')
    (lapsed,) = lamps.lapse(4.0)
    assert lapsed.detail == "reserve of 3 at x is over, its time was up"
    assert b'"available":5,"held":0' in content(send(lamps, "GET", "/lamps/x"))
    send(lamps, "POST", "/lamps/y/reservations", body=b'{"quantity": 3}')
    send(lamps, "POST", "/lamps/y/shipments", "t", body=b'{"quantity": 3}')
    assert lamps.lapse(None) == ()


async def holds_only(ctx, _):  # type: ignore[no-untyped-def]
    await ctx.client.post(f"{ctx.urls['theatre']}/seats/A-1/hold", json={"saga_id": ctx.saga_id}, timeout=1)
    return Outcome(status=Status.COMPLETED)


def test_a_saga_that_never_confirms_has_nothing_in_the_end() -> None:
    scenario = load_scenario(str(HOLDS / "saga.toml"), registered={})
    saga = load_target(f"{__file__}:holds_only", HOLDS, "here", env={}, durable=False)
    with SimWorld() as world:
        run = run_once(replace(scenario, saga=saga), scenario.inputs[0], FaultPlan(), world)
    assert [event.detail for _, event in run.history.of(Lapsed)] == ["held → free, its time was up"]
    found = {one.invariant: one.message for one in run.violated}
    assert "step hold is not applied: its time was up" in found["truthful_outcome"]


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (SEAT.replace("expires_s = 4", "expires_s = 0"), "seconds above 0"),
        (SEAT.replace('undoes = ["hold", "sell"]', 'undoes = "hold", expires_s = 1'), "an action"),
        (STOCK.replace("shipments", 'shipments", expires_s = 1, does = "ship', 1), "it at a reserve"),
    ],
)
def test_what_cannot_lapse_is_told(tmp_path: Path, tables: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        participant(tmp_path, tables)
