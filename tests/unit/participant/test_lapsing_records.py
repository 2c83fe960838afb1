"""`expires_s` and `confirms` of records: what is over by itself, what keeps it, and how that is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.advice import left_to_lapse
from harness.errors import ScenarioError
from harness.history import Lapsed
from harness.loader import load_scenario
from harness.participant import Incarnation, ResourceSpec, RestParticipant, routes
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.scenario import Scenario
from harness.worlds import World
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.unit.participant.test_lapsing import HEAD, participant, send

RECORDS = """[participants.hotel.resources.reservation]
create = "POST /reservations"
delete = "DELETE /reservations/{id}"
delete_by_saga = "DELETE /reservations"
get = "GET /reservations/{id}"
find = "GET /reservations"
expires_s = 4
"""
CONFIRMED = """[participants.hotel.resources.confirmation]
create = "POST /reservations/{id}/confirmation"
delete_by_saga = "DELETE /confirmations"
confirms = "reservation"
"""
STEPS = """[[steps]]
name = "s"
action = "hotel.reservation.create"
compensation = "hotel.reservation.delete_by_saga"
"""


def hotel(folder: Path, *more: str) -> RestParticipant:
    return participant(folder, RECORDS + "".join(more) + STEPS)


def test_a_record_is_gone_once_its_time_is_up(tmp_path: Path) -> None:
    at = hotel(tmp_path)
    assert at.lapse(10.0) == ()
    assert send(at, "POST", "/reservations").status == 201
    assert at.lapse(13.9) == ()
    (lapsed,) = at.lapse(14.0)
    assert (lapsed.resource, lapsed.incarnation, lapsed.detail) == (
        "hotel.reservation",
        1,
        "reservation-1 is over, its time was up",
    )
    assert (lapsed.due_s, lapsed.could_be_kept) == (14.0, False)
    assert send(at, "GET", "/reservations/reservation-1").status == 404
    assert b"[]" in send(at, "GET", "/reservations").body
    assert at.lapse(99.0) == (), "it is over once"
    assert send(at, "POST", "/reservations").status == 201, "its key is answered as before"
    assert b"[]" in send(at, "GET", "/reservations").body


def test_an_undo_of_what_is_over_changes_nothing_and_refuses_what_comes_late(tmp_path: Path) -> None:
    at = hotel(tmp_path)
    send(at, "POST", "/reservations")
    at.lapse(4.0)
    assert send(at, "DELETE", "/reservations/reservation-1").status == 404
    late = send(at, "POST", "/reservations", "s", body=b'{"again": 1}')
    assert late.status == 422, "the same key, another body"
    at.key_of = lambda request: "another"  # type: ignore[method-assign]
    assert send(at, "POST", "/reservations").status == 409


def test_a_refund_of_what_is_over_is_none(tmp_path: Path) -> None:
    at = participant(
        tmp_path,
        (RECORDS + STEPS)
        .replace('"DELETE /reservations/{id}"', '"POST /reservations/{id}/cancel"')
        .replace('"DELETE /reservations"', '"POST /reservations/cancel"'),
    )
    send(at, "POST", "/reservations")
    at.lapse(4.0)
    assert send(at, "POST", "/reservations/reservation-1/cancel", "u").status == 404
    assert send(at, "POST", "/reservations/cancel", "v").status == 201
    assert [one.live for one in at.ledger.incarnations] == [False]


def test_what_was_confirmed_stays_until_it_is_undone(tmp_path: Path) -> None:
    at = hotel(tmp_path, CONFIRMED)
    send(at, "POST", "/reservations")
    assert send(at, "POST", "/reservations/reservation-1/confirmation", "t").status == 201
    assert (at.lapse(99.0), at.lapse(None)) == ((), ())
    assert send(at, "DELETE", "/confirmations", "t").status == 204
    assert at.lapse(None) == ()
    assert send(at, "DELETE", "/reservations/reservation-1").status == 204
    assert not [*at.ledger.live()]


def test_what_is_over_or_was_never_made_cannot_be_confirmed(tmp_path: Path) -> None:
    at = hotel(tmp_path, CONFIRMED)
    assert send(at, "POST", "/reservations/reservation-1/confirmation", "t").status == 409
    send(at, "POST", "/reservations")
    (lapsed,) = at.lapse(4.0)
    assert lapsed.could_be_kept
    refused = send(at, "POST", "/reservations/reservation-1/confirmation", "t")
    assert (refused.status, refused.body) == (409, b'{"error":"no reservation is there to be confirmed"}')


def test_a_create_without_an_id_in_its_path_confirms_all_that_the_saga_has_there(tmp_path: Path) -> None:
    at = hotel(tmp_path, CONFIRMED.replace("/reservations/{id}/confirmation", "/bookings"))
    send(at, "POST", "/reservations")
    assert send(at, "POST", "/bookings", "t").status == 201
    assert at.lapse(None) == ()


def test_what_was_accepted_and_is_over_before_it_was_done_never_was(tmp_path: Path) -> None:
    at = participant(tmp_path, RECORDS + 'action_answers = "accepted"\n' + STEPS)
    assert send(at, "POST", "/reservations").status == 202
    assert at.lapse(4.0) == ()
    assert b"[]" in send(at, "GET", "/reservations").body


class Seats(RestParticipant):
    name = "p"
    resources = (ResourceSpec(name="seat", routes=routes("seat", create="POST /seats"), expires_s=4.0),)

    def open_books(self) -> None:
        super().open_books()
        self.freed: list[int] = []

    def removed(self, incarnation: Incarnation) -> None:
        self.freed.append(incarnation.number)


def test_a_participant_of_a_class_hears_of_it() -> None:
    at = Seats()
    send(at, "POST", "/seats")
    at.lapse(4.0)
    assert at.freed == [1]


def test_a_class_that_confirms_what_never_expires_is_told() -> None:
    booking = ResourceSpec(name="booking", routes=routes("booking", create="POST /b"), confirms="set")
    with pytest.raises(ScenarioError, match=r"resource 'booking', confirms: found 'set', .*'seat'"):
        RestParticipant("p", (*Seats.resources, booking))


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (RECORDS.replace("= 4", "= 0"), "seconds above 0"),
        (RECORDS.replace("= 4", '= "4s"'), "found '4s'.*seconds above 0"),
        (RECORDS.replace('create = "POST /reservations"\n', ""), "expires_s.*it beside create"),
        (RECORDS + CONFIRMED.replace('"reservation"', '"reservations"'), "confirms.*'reservation'"),
        (RECORDS.replace("expires_s = 4\n", "") + CONFIRMED, "confirms.*with expires_s, and there is none"),
        (
            RECORDS + CONFIRMED.replace('create = "POST /reservations/{id}/confirmation"\n', ""),
            "confirms.*beside create",
        ),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, tables: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        participant(tmp_path, tables + STEPS)


# How it is judged ---------------------------------------------------------------------------------

SAGAS = '''
import asyncio


async def call(ctx, method, path, key=None, **fields):
    return await ctx.client.request(
        method,
        f"{ctx.urls['hotel']}{path}",
        json={"saga_id": ctx.saga_id, **fields},
        headers={"Idempotency-Key": f"{ctx.saga_id}:{key}"} if key else {},
        timeout=1,
    )


async def slow(ctx, _):
    """Completes although its reservation is over."""
    await call(ctx, "POST", "/reservations", "s")
    await asyncio.sleep(0.6)
    return {"status": "completed"}


async def quick(ctx, _):
    await call(ctx, "POST", "/reservations", "s")
    return {"status": "completed"}


async def again(ctx, _):
    """Reserves anew, under a new key, once the first one is over."""
    await slow(ctx, _)
    await call(ctx, "POST", "/reservations", "s2")
    return {"status": "completed"}


async def double(ctx, _):
    """Reserves anew while the first one is still there."""
    await call(ctx, "POST", "/reservations", "s")
    await call(ctx, "POST", "/reservations", "s2")
    return {"status": "completed"}


async def forgets(ctx, _):
    await call(ctx, "POST", "/reservations", "s")
    return {"status": "compensated", "detail": {"error": "changed its mind"}}


async def tries(ctx, _):
    """Does not care whether its undo was refused: what is left is over soon."""
    await call(ctx, "POST", "/reservations", "s")
    await call(ctx, "DELETE", "/reservations")
    return {"status": "compensated", "detail": {"error": "changed its mind"}}


async def undoes(ctx, _):
    """Finds that it is gone, and takes that for done."""
    await slow(ctx, _)
    undone = await call(ctx, "DELETE", "/reservations/reservation-1")
    assert undone.status_code == 404
    return {"status": "compensated", "detail": {"error": "changed its mind"}}


async def fails_hard(ctx, _):
    """Takes 404 for a failure."""
    await slow(ctx, _)
    undone = await call(ctx, "DELETE", "/reservations/reservation-1")
    if undone.status_code != 204:
        return {"status": "stuck", "detail": {"error": "the undo was refused"}}
    return {"status": "compensated", "detail": {"error": "changed its mind"}}
'''
JUDGED = {
    "slow": ["truthful_outcome"],
    "quick": [],
    "again": [],
    "double": ["idempotent_actions", "idempotency_keys"],
    "forgets": ["complete_compensation"],
    "undoes": [],
    "fails_hard": ["termination"],
}


def scenario(folder: Path, saga: str, tables: str = RECORDS) -> Scenario:
    (folder / "sagas.py").write_text(SAGAS)
    head = HEAD.replace("sagas.py:order", f"sagas.py:{saga}")
    (folder / "saga.toml").write_text(head + tables.replace("expires_s = 4", "expires_s = 0.3") + STEPS)
    return load_scenario(str(folder / "saga.toml"), registered={})


def judged(one: Scenario, world: World) -> Run:
    return run_once(one, one.inputs[0], FaultPlan(), world)


@pytest.mark.parametrize("saga", JUDGED)
def test_a_reservation_that_is_over(saga: str, tmp_path: Path) -> None:
    with SimWorld() as world:
        run = judged(scenario(tmp_path, saga), world)
    assert [one.invariant for one in run.violated] == JUDGED[saga]
    assert [*run.history.of(Lapsed)], "in the end every one of them is over"


@pytest.mark.wire
def test_both_worlds_judge_it_the_same(tmp_path: Path) -> None:
    with WireWorld("embedded", progress=print) as world:
        runs = {saga: judged(scenario(tmp_path, saga), world) for saga in JUDGED}
    assert {saga: [one.invariant for one in run.violated] for saga, run in runs.items()} == JUDGED
    assert all([*run.history.of(Lapsed)] for run in runs.values())


def test_the_finding_says_why_it_is_not_there(tmp_path: Path) -> None:
    with SimWorld() as world:
        late = judged(scenario(tmp_path, "slow"), world)
        never = judged(scenario(tmp_path, "quick", RECORDS + CONFIRMED), world)
    (found,) = late.violated
    assert found.message.endswith("step s is not applied: its time was up, before the saga ended")
    (found,) = never.violated
    assert found.message.endswith("step s is not applied: its time was up, and nothing had confirmed it")


def test_who_tried_to_undo_it_may_leave_it_to_its_time_limit(tmp_path: Path) -> None:
    plan = FaultPlan((Fault(kind="reject", operation="hotel.reservation.delete_by_saga"),))
    one = scenario(tmp_path, "tries")
    with SimWorld() as world:
        run = run_once(one, one.inputs[0], plan, world)
    assert run.violated == ()
    assert left_to_lapse(run.view) == "hotel.reservation #1 of step s"
