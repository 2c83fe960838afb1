"""When a fault strikes: which call, how many in a row, which fault first, and where it may not."""

from __future__ import annotations

import pytest

from harness.faults import KINDS
from harness.faults.engine import FaultEngine
from harness.participant import Repeats, ResourceSpec, RestParticipant, Verb
from harness.plan import Fault, FaultPlan, Lasting
from harness.plan.decision import Symptom
from harness.saga import Direction
from tests.unit.faults.counter import Counter, request
from tests.unit.faults.shop import KEY, MINE, SPEC, hold, routes, shop

CREATE, CHARGE = "shop.hold.create", "shop.charge.create"


def make(counter: Counter, times: int = 1) -> list[int | None]:
    """What came of creates in a row."""
    return [counter.ask("shop", "POST", "/holds", MINE, key=KEY).status for _ in range(times)]


@pytest.mark.parametrize(
    ("nth", "count", "came"),
    [
        (1, 1, [500, 201, 201, 201]),
        (2, 1, [201, 500, 201, 201]),
        (2, 2, [201, 500, 500, 201]),
        (3, Lasting.FOR_EVER, [201, 201, 500, 500]),
        (2, Lasting.UNTIL_RESTART, [201, 500, 500, 500]),
        (5, 1, [201, 201, 201, 201]),
    ],
)
def test_a_fault_strikes_calls_in_a_row(nth: int, count: int | Lasting, came: list[int]) -> None:
    fault = Fault(kind="error_before", operation=CREATE, nth=nth, count=count)
    assert make(Counter(SPEC, shop(), faults=(fault,)), 4) == came


def test_each_operation_counts_its_own_calls() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="error_before", operation=CHARGE, nth=2),))
    for expected in (201, 500):
        make(counter)
        came = counter.ask("shop", "POST", "/charges", MINE, key="saga-1:charge")
        assert came.status == expected


def test_the_first_fault_that_covers_a_call_wins() -> None:
    faults = (
        Fault(kind="error_before", operation=CREATE, nth=2),
        Fault(kind="reject", operation=CREATE, count=Lasting.FOR_EVER),
    )
    assert make(Counter(SPEC, shop(), faults=faults), 3) == [409, 500, 409]


def test_a_fault_that_may_not_strike_leaves_the_call_to_the_next_one() -> None:
    faults = (
        Fault(kind="reject", operation="shop.hold.find"),
        Fault(kind="error_before", operation="shop.hold.find"),
    )
    counter = Counter(SPEC, shop(), faults=faults)
    assert counter.ask("shop", "GET", "/holds?saga_id=saga-1").status == 500


def test_healing_ends_those_that_last_for_ever() -> None:
    fault = Fault(kind="error_before", operation=CREATE, count=Lasting.FOR_EVER)
    counter = Counter(SPEC, shop(), faults=(fault,))
    assert make(counter, 2) == [500, 500]
    counter.settle()
    assert make(counter) == [201]


@pytest.mark.parametrize(("left", "came"), [((), 201), ((CREATE,), None)])
def test_an_effect_that_nobody_can_find_is_left_only_where_the_saga_claims_to_hold(
    left: tuple[str, ...], came: int | None
) -> None:
    bare = ResourceSpec(name="hold", routes=routes((Verb.CREATE, "POST /holds")), repeats=Repeats.NONE)
    fault = Fault(kind="lose_reply", operation=CREATE, count=Lasting.FOR_EVER)
    counter = Counter(SPEC, shop(bare), faults=(fault,), left_in_doubt=frozenset(left))
    assert make(counter, 2) == [came, came]
    assert [call.sent.nth for call in counter.history.calls] == [1, 2]


# Kinds that strike a whole participant ---------------------------------------------------------


def other_calls(counter: Counter) -> list[bool]:
    """Whether each route finds the participant: a query, an undo, one that is served by nothing."""
    asked = (("GET", "/holds?saga_id=saga-1"), ("DELETE", "/holds?saga_id=saga-1"), ("GET", "/nowhere"))
    return [counter.ask("shop", *one).symptom is not Symptom.REFUSED for one in asked]


def test_refuse_begins_at_its_call_and_strikes_every_route() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="refuse", operation=CREATE, nth=2, count=3),))
    assert other_calls(counter) == [True, True, True]
    assert make(counter) == [409]  # undone before it came, and yet the first call
    assert make(counter) == [None]
    assert other_calls(counter) == [False, False, True]


def test_outage_begins_after_the_reply_to_its_call() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="outage", operation=CREATE, count=2),))
    assert make(counter) == [201]
    assert other_calls(counter) == [False, False, True]


def test_outage_for_ever_ends_when_all_heals() -> None:
    fault = Fault(kind="outage", operation=CREATE, count=Lasting.FOR_EVER)
    counter = Counter(SPEC, shop(), faults=(fault,))
    make(counter)
    assert other_calls(counter) == [False] * 3
    assert counter.injector.engine.away("shop")
    counter.settle()
    assert other_calls(counter) == [True] * 3
    assert not counter.injector.engine.away("shop")


def test_an_outage_begins_though_the_call_before_it_failed() -> None:
    faults = (Fault(kind="lose_request", operation=CREATE), Fault(kind="outage", operation=CREATE))
    counter = Counter(SPEC, shop(), faults=faults)
    assert make(counter, 3) == [None, None, 201]
    assert [call.failed.symptom for call in counter.history.calls if call.failed] == [
        Symptom.SILENCE,
        Symptom.REFUSED,
    ]


def test_an_outage_waits_for_its_call() -> None:
    counter = Counter(SPEC, shop(), faults=(Fault(kind="outage", operation=CREATE, nth=2),))
    assert make(counter, 4) == [201, 201, None, 201]
    assert counter.injector.engine.begun(0)


def test_other_participants_stay() -> None:
    other = RestParticipant("other", (hold(),))
    fault = Fault(kind="refuse", operation=CREATE, count=Lasting.FOR_EVER)
    counter = Counter(SPEC, shop(), other, faults=(fault,))
    assert make(counter, 2) == [None, None]
    assert counter.ask("other", "POST", "/holds", MINE, key=KEY).status == 201
    assert not counter.injector.engine.away("other")


def test_a_restart_ends_what_lasts_until_then_and_nothing_else() -> None:
    for lasting, came in ((Lasting.UNTIL_RESTART, 201), (Lasting.FOR_EVER, 500)):
        counter = Counter(SPEC, shop(), faults=(Fault(kind="error_before", operation=CREATE, count=lasting),))
        assert make(counter, 2) == [500, 500]
        counter.injector.restarted()
        assert make(counter) == [came]


@pytest.mark.parametrize(("variant", "effects"), [("on_arrival", []), ("applied", ["created hold"])])
def test_a_participant_that_crashes_is_back_after_n_calls(variant: str, effects: list[str]) -> None:
    fault = Fault(kind="participant_crash", operation=CREATE, count=2, variant=variant)
    counter = Counter(SPEC, shop(), faults=(fault,))
    asked = [counter.ask("shop", "POST", "/holds", MINE, key=KEY) for _ in range(4)]
    seen = [one.symptom for one in asked]
    assert seen == [Symptom.RESET, Symptom.REFUSED, Symptom.REFUSED, Symptom.NONE]
    assert counter.effects(1) == effects


# Faults that name their saga ------------------------------------------------------------------------


TWO = ("saga-1", "saga-2")


def by_turns(counter: Counter, *sagas: str) -> list[int | None]:
    """What came of a create of each saga, in that order."""
    return [
        counter.ask("shop", "POST", "/holds", {"saga_id": one}, key=f"{one}:hold").status for one in sagas
    ]


@pytest.mark.parametrize(
    ("saga", "nth", "came"),
    [
        (None, 2, [201, 500, 201, 201]),
        (1, 2, [201, 201, 500, 201]),
        (2, 1, [201, 500, 201, 201]),
        (2, 2, [201, 201, 201, 500]),
        (2, 3, [201, 201, 201, 201]),
    ],
)
def test_a_fault_that_names_a_saga_counts_its_calls_alone(
    saga: int | None, nth: int, came: list[int]
) -> None:
    fault = Fault(kind="error_before", operation=CREATE, nth=nth, saga=saga)
    counter = Counter(SPEC, shop(), faults=(fault,), saga_ids=TWO)
    assert by_turns(counter, *TWO, *TWO) == came


def test_a_call_of_a_saga_that_is_none_of_the_run_is_struck_by_what_names_none() -> None:
    named, any_ = (Fault(kind="error_before", operation=CREATE, saga=saga) for saga in (1, None))
    assert by_turns(Counter(SPEC, shop(), faults=(named,), saga_ids=TWO), "another") == [201]
    assert by_turns(Counter(SPEC, shop(), faults=(any_,), saga_ids=TWO), "another") == [500]


@pytest.mark.parametrize("kind", ["outage", "participant_crash"])
def test_a_participant_that_is_away_from_a_call_of_one_saga_on_is_away_for_all(kind: str) -> None:
    fault = Fault(kind=kind, operation=CREATE, count=Lasting.FOR_EVER, saga=2)
    counter = Counter(SPEC, shop(), faults=(fault,), saga_ids=TWO)
    came = by_turns(counter, "saga-1", "saga-1", "saga-2", "saga-1", "saga-2")
    assert came[:2] == [201, 201]
    assert came[3:] == [None, None]


def engine(variant: str, saga: int | None) -> FaultEngine:
    return FaultEngine(FaultPlan((Fault(kind="crash", operation=CREATE, variant=variant, saga=saga),)), KINDS)


@pytest.mark.parametrize(("saga", "due"), [(None, [1, 2]), (1, [1]), (2, [2])])
def test_what_strikes_before_the_first_call_may_name_its_saga(saga: int | None, due: list[int]) -> None:
    assert [one for one in (1, 2) if engine("start:1", saga).at_start(1, one) is not None] == due


@pytest.mark.parametrize(("saga", "due"), [(None, [(1, 1)]), (1, [(1, 1)]), (2, [(2, 2)])])
def test_what_strikes_after_a_call_may_name_its_saga(saga: int | None, due: list[tuple[int, int]]) -> None:
    matched = shop().match(request("POST", "/holds"))
    assert matched is not None
    calls = [(1, 1, 1), (2, 2, 1), (1, 3, 2)]  # saga, number among all, number among those of the saga
    struck = [
        (by, nth)
        for by, nth, own in calls
        if list(engine("between:1", saga).after(matched, nth, Direction.ACTION, by, own))
    ]
    assert struck == due
