"""How far a call has come: what may follow what, and that nothing else may."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec
import pytest

from harness.faults.progress import (
    CALLER_TRANSITIONS,
    FAULT_TRANSITIONS,
    REQUEST_TRANSITIONS,
    CallerState,
    FaultState,
    IllegalProgress,
    Progress,
    RequestState,
)
from harness.history import FaultFired, FaultUnconfirmed
from harness.plan import Fault
from harness.plan.decision import PASS, SWALLOWED, Decision, Delivery, Symptom
from harness.saga import Claim
from tests.unit.faults.counter import Counter, request
from tests.unit.faults.shop import KEY, MINE, SPEC, shop

CREATE = "shop.hold.create"
LATE = Decision(delivery=Delivery.AFTER_RETRY, symptom=Symptom.SILENCE)

MACHINES: list[tuple[Mapping[StrEnum, frozenset[StrEnum]], str, StrEnum]] = [
    (REQUEST_TRANSITIONS, "request", RequestState.SENT),  # type: ignore[list-item]
    (CALLER_TRANSITIONS, "caller", CallerState.WAITING),  # type: ignore[list-item]
    (FAULT_TRANSITIONS, "fault", FaultState.PENDING),  # type: ignore[list-item]
]


def paths(table: Mapping[StrEnum, frozenset[StrEnum]], first: StrEnum) -> dict[StrEnum, tuple[StrEnum, ...]]:
    """Each state that can be reached, by what leads to it."""
    found: dict[StrEnum, tuple[StrEnum, ...]] = {first: ()}
    waiting = [first]
    while waiting:
        state = waiting.pop()
        for following in sorted(table[state] - set(found)):
            found[following] = (*found[state], following)
            waiting.append(following)
    return found


def at(name: str, path: tuple[StrEnum, ...]) -> tuple[Progress, Callable[[StrEnum], None]]:
    progress = Progress(struck=True)
    move: Callable[[StrEnum], None] = getattr(progress, f"{name}_is")
    for state in path:
        move(state)
    return progress, move


@pytest.mark.parametrize(("table", "name", "first"), MACHINES, ids=["request", "caller", "fault"])
def test_what_is_not_in_the_table_is_refused(
    table: Mapping[StrEnum, frozenset[StrEnum]], name: str, first: StrEnum
) -> None:
    refused = 0
    for state, path in paths(table, first).items():
        for following in type(first):
            progress, move = at(name, path)
            if following in table[state]:
                move(following)
                assert getattr(progress, name) is following
            else:
                with pytest.raises(IllegalProgress, match=f"{name}: found {state.name}"):
                    move(following)
                assert getattr(progress, name) is state
                refused += 1
    assert refused > len(table)


@pytest.mark.parametrize(("table", "name", "first"), MACHINES, ids=["request", "caller", "fault"])
def test_every_state_is_in_its_table_and_can_be_reached(
    table: Mapping[StrEnum, frozenset[StrEnum]], name: str, first: StrEnum
) -> None:
    assert set(table) == set(type(first))
    unreached = set(table) - set(paths(table, first))
    assert unreached == ({FaultState.NONE} if name == "fault" else set())
    assert Progress().fault is FaultState.NONE


def test_a_call_that_no_fault_was_chosen_for_can_never_fire() -> None:
    progress = Progress()
    for state in FaultState:
        with pytest.raises(IllegalProgress):
            progress.fault_is(state)


@pytest.mark.parametrize(
    ("states", "course"),
    [
        ((), LATE),
        ((RequestState.HELD,), LATE),
        ((RequestState.HELD, RequestState.DROPPED), LATE),
        ((RequestState.HELD, RequestState.RELEASED), PASS),
        ((RequestState.HELD, RequestState.RELEASED, RequestState.LANDED), PASS),
        ((RequestState.SWALLOWED,), SWALLOWED),
        ((RequestState.SWALLOWED, RequestState.SENT), LATE),
        ((RequestState.SWALLOWED, RequestState.SENT, FaultState.SPARED), PASS),
        ((FaultState.SPARED,), PASS),
        ((FaultState.FIRED,), LATE),
        ((CallerState.FAILED,), LATE),
    ],
)
def test_what_is_still_to_come_of_a_decision(states: tuple[StrEnum, ...], course: Decision) -> None:
    progress = Progress(struck=True)
    for state in states:
        name = type(state).__name__.removesuffix("State").lower()
        getattr(progress, f"{name}_is")(state)
    assert progress.course(LATE) is course


def test_a_decision_is_chosen_once_and_can_be_written_nowhere() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="lose_reply", operation=CREATE),))
    in_flight = counter.injector.send(1, "shop", request("POST", "/holds", MINE, key=KEY))
    with pytest.raises(AttributeError):
        in_flight.decision = PASS  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        in_flight.decision.symptom = Symptom.NONE  # type: ignore[misc]
    assert not isinstance(msgspec.structs.asdict(in_flight)["progress"], Decision)


def test_what_swallowed_a_request_and_what_spares_it_leave_its_decision_alone() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="error_before", operation=CREATE),))
    in_flight = counter.injector.send(1, "shop", request("POST", "/holds", MINE, key=KEY))
    decided = in_flight.decision
    counter.injector.swallow(in_flight)
    assert in_flight.course is SWALLOWED
    counter.injector.spare(in_flight)
    assert counter.injector.deliver(in_flight).status == 201
    assert (in_flight.decision, in_flight.course, in_flight.bystander) == (decided, PASS, True)


# What the judge makes of it, where a world reports what was seen ------------------------------------


def fired(counter: Counter) -> list[tuple[str, str | None]]:
    events = counter.recorder.events
    return [(one.kind, one.toxic) for one in events if isinstance(one, FaultFired | FaultUnconfirmed)]


def test_a_held_request_whose_symptom_is_reported_fires_once_both_have_come_about() -> None:
    late = Fault(kind="late", operation=CREATE, variant="settling")
    for landed_first in (False, True):
        counter = Counter(SPEC, shop(), faults=(late,), certain=False)
        in_flight = counter.injector.send(1, "shop", request("POST", "/holds", MINE, key=KEY))
        counter.injector.hold(in_flight)
        if landed_first:
            counter.settle()
            assert fired(counter) == []
        counter.injector.judge.confirmed(in_flight, "timeout")
        if not landed_first:
            assert (in_flight.progress.fault, fired(counter)) == (FaultState.SHOWN, [])
            counter.settle()
        assert fired(counter) == [("late", "timeout")]


def test_what_was_contradicted_cannot_be_confirmed_any_more() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="lose_reply", operation=CREATE),), certain=False)
    in_flight = counter.ask("shop", "POST", "/holds", MINE, key=KEY).in_flight
    assert fired(counter) == []
    counter.injector.judge.contradicted(in_flight, "found a reply", "timeout")
    counter.injector.judge.confirmed(in_flight, "timeout")
    assert [type(one) for one in counter.recorder.events if one.__class__.__name__.startswith("Fault")] == [
        FaultUnconfirmed
    ]


def test_a_request_is_lost_where_its_reply_would_come_too_late_and_may_not_be_lost() -> None:
    slow = Fault(kind="slow", operation=CREATE, variant="200%")
    unclaimed = dataclasses.replace(SPEC, claims=SPEC.claims - {Claim.LOST_REPLY})
    counter = Counter(unclaimed, shop(), faults=(slow,), certain=False)
    sent = request("POST", "/holds", MINE, key=KEY)
    in_flight = counter.injector.send(1, "shop", sent, too_late=lambda delay: delay.of_s(1.0) >= 1.0)
    assert in_flight.decision is SWALLOWED
    counter.injector.judge.confirmed(in_flight, "timeout")
    assert fired(counter) == [("lose_request", "timeout")]


def test_a_fault_that_the_world_has_shown_already_is_not_chosen_again() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="lose_reply", operation=CREATE),))
    sent = request("POST", "/holds", MINE, key=KEY)
    in_flight = counter.injector.send(1, "shop", sent, spares=lambda fault: fault == 0)
    assert (in_flight.decision, in_flight.fault_match) == (PASS, None)
