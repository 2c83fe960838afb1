"""Late requests: what lets each go, what lands, what is dropped."""

from __future__ import annotations

import pytest

from harness.history import FaultFired, Held, Released
from harness.participant import Repeats, ResourceSpec, RestParticipant, UndoAnswers, Verb
from harness.plan import Fault
from tests.unit.faults.counter import Counter, request
from tests.unit.faults.shop import KEY, MINE, SPEC, TWO_HOLDS, hold, routes, shop

CREATE = "shop.hold.create"


def late(variant: str, *participants: RestParticipant, **more: object) -> Counter:
    fault = Fault(kind="late", operation=CREATE, variant=variant, **more)  # type: ignore[arg-type]
    counter = Counter(SPEC, *participants or (shop(),), faults=(fault,))
    counter.ask("shop", "POST", "/holds", MINE, key=KEY)
    return counter


def told(counter: Counter) -> list[str]:
    """Held, released and fired, in order."""
    seen = {Held: "held", Released: "released", FaultFired: "fired"}
    return [seen[type(one)] for one in counter.recorder.events if type(one) in seen]


def test_it_lands_after_the_next_call_there() -> None:
    counter = late("after_retry")
    assert (told(counter), counter.effects()) == (["held"], [])
    assert counter.ask("shop", "POST", "/holds", MINE, key=KEY).status == 201
    assert told(counter) == ["held", "released", "fired"]
    assert (counter.effects(1), counter.effects(2)) == ([], ["created hold"])


def test_another_step_is_no_retry() -> None:
    fault = Fault(kind="late", operation=CREATE, variant="after_retry")
    counter = Counter(TWO_HOLDS, shop(), faults=(fault,))
    counter.ask("shop", "POST", "/holds", MINE, key="saga-1:out")
    counter.ask("shop", "POST", "/holds", MINE, key="saga-1:back")
    counter.ask("shop", "GET", "/nowhere")
    assert told(counter) == ["held"]


@pytest.mark.parametrize(("target", "status"), [("/holds?saga_id=saga-1", 204), ("/holds/unknown", 404)])
def test_it_lands_after_an_undo_was_acknowledged(target: str, status: int) -> None:
    counter = late("after_undo")
    counter.ask("shop", "GET", "/holds?saga_id=saga-1")
    assert told(counter) == ["held"]
    assert counter.ask("shop", "DELETE", target).status == status
    assert told(counter) == ["held", "released", "fired"]
    # A tombstone refuses it, unless the undo was aimed past it.
    assert counter.effects() == ([] if status == 204 else ["created hold"])


def test_an_undo_of_another_step_lets_nothing_go() -> None:
    counter = late("after_undo")
    counter.ask("shop", "POST", "/refunds", MINE, key="saga-1:charge:undo")
    assert told(counter) == ["held"]


def test_a_202_is_no_acknowledgement() -> None:
    counter = late("after_undo", shop(hold(undo_answers=UndoAnswers.ACCEPTED)))
    assert counter.ask("shop", "DELETE", "/holds?saga_id=saga-1").status == 202
    assert told(counter) == ["held"]
    assert counter.ask("shop", "DELETE", "/holds?saga_id=saga-1").status == 204
    assert told(counter) == ["held", "released", "fired"]


@pytest.mark.parametrize("variant", ["after_retry", "after_undo", "settling"])
def test_settling_delivers_what_is_still_held(variant: str) -> None:
    counter = late(variant)
    assert [in_flight.call for in_flight in counter.settle()] == [1]
    assert told(counter) == ["held", "released", "fired"]
    assert counter.effects() == ["created hold"]


def test_a_late_undo_lands_too() -> None:
    fault = Fault(kind="late", operation="shop.hold.delete_by_saga", variant="settling")
    counter = Counter(SPEC, shop(), faults=(fault,))
    counter.ask("shop", "POST", "/holds", MINE, key=KEY)
    counter.ask("shop", "DELETE", "/holds?saga_id=saga-1")
    counter.settle()
    assert counter.effects() == ["created hold", "removed hold"]


def test_a_create_that_nobody_could_withstand_is_not_held_at_all() -> None:
    bare = ResourceSpec(
        name="hold",
        routes=routes((Verb.CREATE, "POST /holds"), (Verb.FIND, "GET /holds")),
        repeats=Repeats.NONE,
    )
    counter = late("settling", shop(bare))
    assert (told(counter), counter.effects()) == ([], ["created hold"])


def test_a_held_create_that_may_not_land_is_dropped_and_did_not_fire() -> None:
    """The engine holds none of these; the fault injector drops it all the same, should a world hold one."""
    bare = ResourceSpec(name="hold", routes=routes((Verb.CREATE, "POST /holds")), repeats=Repeats.NONE)
    counter = Counter(SPEC, shop(bare))
    held = counter.injector.send(1, "shop", request("POST", "/holds", MINE))
    counter.injector.hold(held)
    assert counter.settle() == []
    assert [one.dropped for one in counter.recorder.events if isinstance(one, Released)] == [True]
    assert "fired" not in told(counter)


def test_one_whose_saga_claims_to_hold_where_it_is_in_doubt_lands() -> None:
    bare = ResourceSpec(name="hold", routes=routes((Verb.CREATE, "POST /holds")), repeats=Repeats.NONE)
    late = Fault(kind="late", operation="shop.hold.create", variant="settling")
    counter = Counter(SPEC, shop(bare), faults=(late,), left_in_doubt=frozenset({"shop.hold.create"}))
    counter.ask("shop", "POST", "/holds", MINE)
    assert len(counter.settle()) == 1
    assert counter.effects() == ["created hold"]


def test_what_no_route_serves_may_land() -> None:
    counter = Counter(SPEC, shop())
    counter.injector.hold(counter.injector.send(1, "shop", request("POST", "/nowhere")))
    assert len(counter.settle()) == 1


def test_what_was_sent_before_everything_healed_and_arrives_after_it_lands_at_once() -> None:
    fault = Fault(kind="late", operation=CREATE, variant="settling")
    counter = Counter(SPEC, shop(), faults=(fault,))
    in_flight = counter.injector.send(1, "shop", request("POST", "/holds", MINE, key=KEY))
    counter.settle()
    counter.injector.hold(in_flight)
    assert counter.injector.take_due() == [in_flight]
    assert told(counter) == ["held", "released"]
