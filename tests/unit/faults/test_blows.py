"""What the door does with a call at which a blow strikes, and when an answered one strikes."""

from __future__ import annotations

import pytest

from harness.blows import Blow, Boundary
from harness.faults import KINDS
from harness.faults.passage import Passage
from harness.history import Delivered, ExecutorStruck, FaultFired
from harness.plan import Fault
from tests.unit.faults.counter import Counter, request
from tests.unit.faults.shop import KEY, MINE, SPEC, shop

CREATE = "shop.hold.create"
BLOWS = [
    (kind.name, variant) for kind in KINDS.values() if kind.blow is not None for variant in kind.variants
]


def counter(kind: str, variant: str = "") -> Counter:
    return Counter(SPEC, shop(), faults=(Fault(kind=kind, operation=CREATE, variant=variant),))


def send(one: Counter, executor: int = 1) -> Passage:
    return one.door.send(executor, "shop", request("POST", "/holds", MINE, key=KEY))


def answer(one: Counter, passage: Passage) -> None:
    one.door.answered(passage, one.door.deliver(passage))


@pytest.mark.parametrize(("kind", "variant"), BLOWS)
def test_a_call_is_applied_from_applied_on(kind: str, variant: str) -> None:
    one = counter(kind, variant)
    passage = send(one)
    one.door.deliver(passage)
    not_applied = passage.treatment.boundary in (Boundary.BEFORE_SEND, Boundary.ON_ARRIVAL)
    harmless = passage.treatment.blow is Blow.START_AGAIN
    assert passage.treatment.blow is KINDS[kind].blow
    assert one.effects() == ([] if not_applied and not harmless else ["created hold"])


def test_an_answered_call_strikes_with_the_next_request_of_its_executor() -> None:
    one = counter("crash", "answered")
    struck = send(one)
    assert one.door.impending(1) is None
    answer(one, struck)
    assert one.door.impending(2) is None
    later = send(one)
    assert one.door.impending(1) is struck
    assert one.door.impending(1) is None
    one.door.swallow(later)
    one.door.deliver(later)
    assert [event.call for event in one.recorder.events if isinstance(event, Delivered)] == [struck.call]


def test_or_as_the_executor_ends() -> None:
    one = counter("crash", "answered")
    struck = send(one)
    answer(one, struck)
    assert one.door.impending(1, ended=True) is struck


def test_a_start_after_the_end_waits_for_it() -> None:
    one = counter("start_twice", "after_end")
    struck = send(one)
    answer(one, struck)
    assert one.door.impending(1) is None
    assert one.door.impending(1, ended=True) is struck


def test_a_call_without_a_blow_is_never_impending() -> None:
    one = Counter(SPEC, shop())
    answer(one, send(one))
    assert one.door.impending(1, ended=True) is None


def test_a_blow_is_recorded_with_its_receipt_once() -> None:
    one = counter("crash", "applied")
    struck = send(one)
    one.door.deliver(struck)
    one.door.strike_executor(struck, Blow.CRASH)
    told = [event for event in one.recorder.events if isinstance(event, ExecutorStruck)]
    assert [(event.executor, event.call, event.blow, event.boundary) for event in told] == [
        (1, struck.call, Blow.CRASH, Boundary.APPLIED)
    ]
    assert [event.kind for event in one.recorder.events if isinstance(event, FaultFired)] == ["crash"]
    assert one.history.calls[0].struck is not None
