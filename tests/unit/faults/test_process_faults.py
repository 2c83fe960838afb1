"""What the injector does with a call at which a process fault strikes, and when an answered one does."""

from __future__ import annotations

import pytest

from harness.faults import KINDS
from harness.faults.in_flight import InFlightCall
from harness.history import Delivered, ExecutorStruck, FaultFired
from harness.plan import Fault
from harness.process_faults import Boundary, ProcessFault
from tests.unit.faults.counter import Counter, request
from tests.unit.faults.shop import KEY, MINE, SPEC, shop

CREATE = "shop.hold.create"
PROCESS_FAULTS = [
    (kind.name, variant)
    for kind in KINDS.values()
    if kind.process_fault is not None
    for variant in kind.variants
]


def counter(kind: str, variant: str = "") -> Counter:
    return Counter(SPEC, shop(), faults=(Fault(kind=kind, operation=CREATE, variant=variant),))


def send(one: Counter, executor: int = 1) -> InFlightCall:
    return one.injector.send(executor, "shop", request("POST", "/holds", MINE, key=KEY))


def answer(one: Counter, in_flight: InFlightCall) -> None:
    one.injector.answered(in_flight, one.injector.deliver(in_flight))


@pytest.mark.parametrize(("kind", "variant"), PROCESS_FAULTS)
def test_a_call_is_applied_from_applied_on(kind: str, variant: str) -> None:
    one = counter(kind, variant)
    in_flight = send(one)
    one.injector.deliver(in_flight)
    not_applied = in_flight.decision.boundary in (Boundary.BEFORE_SEND, Boundary.ON_ARRIVAL)
    harmless = in_flight.decision.process_fault is ProcessFault.START_AGAIN
    assert in_flight.decision.process_fault is KINDS[kind].process_fault
    assert one.effects() == ([] if not_applied and not harmless else ["created hold"])


def test_an_answered_call_strikes_with_the_next_request_of_its_executor() -> None:
    one = counter("crash", "answered")
    struck = send(one)
    assert one.injector.impending(1) is None
    answer(one, struck)
    assert one.injector.impending(2) is None
    later = send(one)
    assert one.injector.impending(1) is struck
    assert one.injector.impending(1) is None
    one.injector.swallow(later)
    one.injector.deliver(later)
    assert [event.call for event in one.recorder.events if isinstance(event, Delivered)] == [struck.call]


def test_or_as_the_executor_ends() -> None:
    one = counter("crash", "answered")
    struck = send(one)
    answer(one, struck)
    assert one.injector.impending(1, ended=True) is struck


def test_a_start_after_the_end_waits_for_it() -> None:
    one = counter("start_twice", "after_end")
    struck = send(one)
    answer(one, struck)
    assert one.injector.impending(1) is None
    assert one.injector.impending(1, ended=True) is struck


def test_a_call_without_a_process_fault_is_never_impending() -> None:
    one = Counter(SPEC, shop())
    answer(one, send(one))
    assert one.injector.impending(1, ended=True) is None


def test_a_process_fault_is_recorded_with_its_receipt_once() -> None:
    one = counter("crash", "applied")
    struck = send(one)
    one.injector.deliver(struck)
    one.injector.judge.executor_struck(struck, ProcessFault.CRASH)
    told = [event for event in one.recorder.events if isinstance(event, ExecutorStruck)]
    assert [(event.executor, event.call, event.process_fault, event.boundary) for event in told] == [
        (1, struck.call, ProcessFault.CRASH, Boundary.APPLIED)
    ]
    assert [event.kind for event in one.recorder.events if isinstance(event, FaultFired)] == ["crash"]
    assert one.history.calls[0].struck is not None
