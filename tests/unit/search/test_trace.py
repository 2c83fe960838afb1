"""Which runs are equal: what differs for the saga or for the participants makes a difference, and no more."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from harness.history import (
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    FaultFired,
    Held,
    History,
    Phase,
    PhaseBegan,
    Released,
    RunBegan,
    StoreChanged,
)
from harness.history.codec import decode_history, encode_history
from harness.history.events import AnyEvent
from harness.participant.ledger import Change
from harness.plan import Fault, FaultPlan
from harness.plan.decision import Delivery, Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Direction
from harness.search.trace import trace_of

BEGAN = RunBegan(t_s=0, scenario="shop", world="sim", saga_ids=("saga-1",), input={"order": 1})
SENT = CallSent(
    t_s=0.1,
    call=1,
    executor=1,
    saga_id="saga-1",
    participant="stock",
    operation="stock.hold.create",
    nth=1,
    method="POST",
    path="/holds",
    steps=("hold",),
    direction=Direction.ACTION,
    key="saga-1:hold",
)
ASKED = msgspec.structs.replace(SENT, call=2, operation="stock.hold.find", method="GET", direction=None)
FIRED = FaultFired(t_s=0.1, call=1, fault=0, kind="slow")
APPLIED = EffectApplied(
    t_s=0.2,
    call=1,
    change=Change.CREATED,
    resource="stock.hold",
    incarnation=1,
    saga_id="saga-1",
    step="hold",
)
ANSWERED = CallAnswered(t_s=0.3, call=1, status=201, content="ab")
FAILED = CallFailed(t_s=0.4, call=2, symptom=Symptom.SILENCE)
HELD = Held(t_s=0.1, call=1, until=Delivery.SETTLING)
RELEASED = Released(t_s=0.5, call=1)
STRUCK = ExecutorStruck(
    t_s=0.5, executor=1, saga_id="saga-1", call=1, process_fault=ProcessFault.CRASH, boundary=Boundary.APPLIED
)
STORED = StoreChanged(t_s=0.3, executor=1, saga_id="saga-1", call=1, state=1)
ENDED = ExecutorEnded(t_s=0.6, executor=1, saga_id="saga-1", status="completed")
EVENTS: tuple[AnyEvent, ...] = (
    BEGAN,
    PhaseBegan(t_s=0, phase=Phase.FAULTS),
    ExecutorBegan(t_s=0, executor=1, saga_id="saga-1"),
    SENT,
    HELD,
    Delivered(t_s=0.2, call=1),
    APPLIED,
    FIRED,
    ANSWERED,
    ASKED,
    Delivered(t_s=0.3, call=2),
    FAILED,
    RELEASED,
    STORED,
    STRUCK,
    ENDED,
)


HALF = Fault(kind="slow", operation="stock.hold.create", variant="50%")
PLAN = FaultPlan((HALF, HALF, replace(HALF, variant="95%")))


def trace(*events: AnyEvent) -> bytes:
    return trace_of(History(events), PLAN)


def changed(event: AnyEvent, **fields: object) -> bytes:
    """The trace of a history in which one event is another."""
    other = msgspec.structs.replace(event, **fields)
    return trace(*(other if one is event else one for one in EVENTS))


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (BEGAN, {"input": {"order": 2}}),
        (SENT, {"executor": 2}),
        (SENT, {"participant": "bank"}),
        (SENT, {"operation": "stock.hold.delete"}),
        (SENT, {"method": "PUT"}),
        (SENT, {"path": "/holds/7"}),
        (SENT, {"key": "saga-1:hold:2"}),
        (SENT, {"key": None}),
        (APPLIED, {"resource": "stock.box"}),
        (APPLIED, {"incarnation": 2}),
        (APPLIED, {"change": Change.PART}),
        (APPLIED, {"step": "box"}),
        (APPLIED, {"saga_id": "saga-2"}),
        (ANSWERED, {"status": 200}),
        (ANSWERED, {"content": "cd"}),
        (ANSWERED, {"retry_after_s": 30.0}),
        (FAILED, {"symptom": Symptom.RESET}),
        (FAILED, {"abandoned": True}),
        (FAILED, {"broken_off": True}),
        (FIRED, {"kind": "duplicate"}),
        (HELD, {"until": Delivery.AFTER_UNDO}),
        (RELEASED, {"dropped": True}),
        (STORED, {"executor": 2}),
        (STORED, {"state": 2}),
        (STRUCK, {"process_fault": ProcessFault.FREEZE}),
        (STRUCK, {"executor": 2}),
        (ENDED, {"status": "compensated"}),
        (ENDED, {"problem": "it ended with an exception"}),
        (ENDED, {"cancelled": True}),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, dict) else str(value),
)
def test_what_makes_two_runs_differ(event: AnyEvent, fields: dict[str, object]) -> None:
    assert changed(event, **fields) != trace(*EVENTS)


@pytest.mark.parametrize("event", EVENTS[1:10] + EVENTS[11:], ids=lambda event: type(event).__name__)
def test_what_is_missing_makes_them_differ_too(event: AnyEvent) -> None:
    assert trace(*(one for one in EVENTS if one is not event)) != trace(*EVENTS)


def test_the_order_of_things_makes_them_differ() -> None:
    assert trace(*EVENTS[:-2], ENDED, STRUCK) != trace(*EVENTS)


def test_times_do_not() -> None:
    later = (msgspec.structs.replace(one, t_s=one.t_s * 2 + 1) for one in EVENTS)
    assert trace(*later) == trace(*EVENTS)


def test_what_the_saga_is_called_does_not() -> None:
    renamed = encode_history(History(EVENTS)).replace(b"saga-1", b"saga-9")
    assert trace_of(decode_history(renamed, "here"), PLAN) == trace(*EVENTS)


def test_that_a_query_was_delivered_does_not() -> None:
    unheard = [one for one in EVENTS if not (isinstance(one, Delivered) and one.call == 2)]
    assert trace(*unheard) == trace(*EVENTS)


def test_a_second_delivery_without_an_effect_does_not() -> None:
    assert trace(*EVENTS[:7], Delivered(t_s=0.2, call=1, copy=1), *EVENTS[7:]) == trace(*EVENTS)


def test_by_how_much_a_call_was_slowed_does_but_not_by_which_fault_of_the_plan() -> None:
    assert changed(FIRED, fault=1, toxic="latency") == trace(*EVENTS)
    assert changed(FIRED, fault=2) != trace(*EVENTS) != changed(FIRED, fault=None)
    assert changed(FIRED, kind="duplicate") == trace(*(one for one in EVENTS if one is not FIRED))
