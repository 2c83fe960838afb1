"""Whose turn it is in a run of several sagas."""

from __future__ import annotations

from dataclasses import replace

from harness.history import Passed, Recorder, TurnPassed
from harness.lifecycle import Door, Turn, Turns
from harness.plan import FaultPlan, Preemption, Site

X = Site(operation="stock.hold.create")
Y = Site(operation="bank.charge.create")


def turns_of(*preemptions: Preemption, sagas: int = 2) -> Turns:
    return Turns(FaultPlan((), preemptions, sagas))


def held_at(site: Site, saga: int, run: int, until: Site | None = None) -> Preemption:
    return Preemption(saga=saga, operation=site.operation, nth=site.nth, run=run, until=until)


def arrives(turns: Turns, saga: int, site: Site) -> Turn | None:
    """A call of the saga that goes on comes to the door."""
    assert turns.goes_on(saga)
    return turns.passes_at(turns.sent(saga, site.operation))


def test_without_a_preemption_one_begins_when_the_one_before_has_ended() -> None:
    turns = turns_of(sagas=3)
    assert turns.begin() == Turn(saga=1, why=Passed.NEXT, begins=True)
    assert arrives(turns, 1, X) is None
    assert [turns.goes_on(saga) for saga in (1, 2, 3)] == [True, False, False]
    assert turns.ended(1) == Turn(saga=2, why=Passed.NEXT, begins=True)
    assert [turns.goes_on(saga) for saga in (1, 2, 3)] == [True, True, False]
    assert turns.ended(2) == Turn(saga=3, why=Passed.NEXT, begins=True)
    assert turns.ended(3) is None


def test_one_is_held_at_its_call_while_another_runs_to_its_end() -> None:
    turns = turns_of(held_at(Y, 1, 2))
    turns.begin()
    assert arrives(turns, 1, X) is None
    ticket = turns.sent(1, Y.operation)
    assert turns.passes_at(ticket) == Turn(saga=2, why=Passed.PREEMPTED, begins=True, held=1, preemption=0)
    assert not turns.goes_on(1)
    assert arrives(turns, 2, Y) is None
    assert turns.ended(2) == Turn(saga=1, why=Passed.ENDED, begins=False, preemption=0)
    assert turns.passes_at(ticket) is None, "it struck once"
    assert turns.ended(1) is None


def test_another_one_runs_to_its_call_which_is_delivered_with_the_one_that_was_held() -> None:
    turns = turns_of(replace(held_at(X, 1, 2, until=Y), together=True))
    turns.begin()
    first = turns.sent(1, X.operation)
    turns.passes_at(first)
    second = turns.sent(2, Y.operation)
    assert turns.passes_at(second) == Turn(saga=1, why=Passed.TOGETHER, begins=False, held=2, preemption=0)
    assert turns.passes_at(first) is None
    assert [turns.goes_on(saga) for saga in (1, 2)] == [True, False], "what it sends next is held"


def test_the_door_lets_both_through_and_no_more() -> None:
    plan = FaultPlan((), (replace(held_at(X, 1, 2, until=Y), together=True),), 2)
    recorder, through = Recorder(lambda: 0.0), list[str]()
    door = Door(Turns(plan), recorder, ("one", "two"), lambda saga: through.append(f"{saga} begins"))
    door.open()
    door.comes(1, X.operation, 1, lambda: through.append("1 at X"))
    for call in (2, 3):
        door.comes(2, Y.operation, call, lambda: through.append("2 at Y"))
    assert through == ["1 begins", "2 begins", "1 at X", "2 at Y"]
    passed = [event for event in recorder.events if isinstance(event, TurnPassed)]
    assert [(one.why, one.saga_id, one.held, one.call) for one in passed] == [
        (Passed.PREEMPTED, "two", "one", 1),
        (Passed.TOGETHER, "one", "two", 2),
    ]
    door.left(1)
    assert through[4:] == ["2 at Y"]


def test_another_one_runs_to_its_call_and_goes_on_when_the_first_has_ended() -> None:
    turns = turns_of(held_at(X, 1, 2, until=Y))
    turns.begin()
    first = turns.sent(1, X.operation)
    turns.passes_at(first)
    assert arrives(turns, 2, X) is None
    second = turns.sent(2, Y.operation)
    assert turns.passes_at(second) == Turn(saga=1, why=Passed.REACHED, begins=False, held=2, preemption=0)
    assert turns.passes_at(first) is None
    assert turns.ended(1) == Turn(saga=2, why=Passed.ENDED, begins=False)
    assert turns.passes_at(second) is None


def test_a_third_one_may_run_while_two_are_held() -> None:
    turns = turns_of(held_at(X, 1, 2), held_at(X, 2, 3), sagas=3)
    turns.begin()
    assert arrives(turns, 1, X) is not None
    assert arrives(turns, 2, X) == Turn(saga=3, why=Passed.PREEMPTED, begins=True, held=2, preemption=1)
    assert turns.ended(3) == Turn(saga=2, why=Passed.ENDED, begins=False, preemption=1)
    assert turns.ended(2) == Turn(saga=1, why=Passed.ENDED, begins=False, preemption=0)


def test_one_that_is_held_may_be_the_one_that_runs_meanwhile() -> None:
    turns = turns_of(held_at(X, 1, 2), held_at(Y, 2, 1))
    turns.begin()
    first = turns.sent(1, X.operation)
    turns.passes_at(first)
    assert arrives(turns, 2, Y) == Turn(saga=1, why=Passed.PREEMPTED, begins=False, held=2, preemption=1)
    assert turns.passes_at(first) is None
    assert turns.ended(1) == Turn(saga=2, why=Passed.ENDED, begins=False, preemption=1)


def test_nobody_is_held_for_one_that_has_ended() -> None:
    turns = turns_of(held_at(X, 2, 1))
    turns.begin()
    turns.ended(1)
    assert arrives(turns, 2, X) is None


def test_the_last_one_goes_on_past_the_call_up_to_which_it_ran() -> None:
    turns = turns_of(held_at(X, 1, 2, until=Y))
    turns.begin()
    turns.passes_at(turns.sent(1, X.operation))
    assert turns.ended(1) is None, "it was held, and ended all the same"
    assert arrives(turns, 2, Y) is None


def test_one_that_ends_without_its_turn_passes_none() -> None:
    turns = turns_of(held_at(X, 1, 2), sagas=3)
    turns.begin()
    turns.passes_at(turns.sent(1, X.operation))
    turns.ended(1)
    assert turns.goes_on(1), "what it still sends goes through"
    assert turns.passes_at(turns.sent(1, Y.operation)) is None
    assert turns.ended(2) == Turn(saga=3, why=Passed.NEXT, begins=True)


def test_when_all_heals_nobody_is_held_and_the_others_begin() -> None:
    turns = turns_of(held_at(X, 1, 2), sagas=4)
    turns.begin()
    ticket = turns.sent(1, X.operation)
    turns.passes_at(ticket)
    assert turns.heal() == (3, 4)
    assert all(turns.goes_on(saga) for saga in (1, 2, 3, 4))
    assert turns.passes_at(ticket) is None
    assert turns.ended(2) is None
    assert not turns.waited


def test_one_that_only_asks_again_waits_for_the_one_that_is_held() -> None:
    turns = turns_of(held_at(X, 1, 2))
    turns.begin()
    turns.passes_at(turns.sent(1, X.operation))
    assert [turns.answered(2, "locked") for _ in range(2)] == [None, None]
    assert turns.answered(2, "locked") == Turn(saga=1, why=Passed.WAITS, begins=False, held=2, preemption=0)
    assert turns.ended(1) == Turn(saga=2, why=Passed.ENDED, begins=False)


def test_another_answer_is_no_waiting() -> None:
    turns = turns_of(held_at(X, 1, 2))
    turns.begin()
    turns.passes_at(turns.sent(1, X.operation))
    assert not any(turns.answered(2, mark) for mark in ("locked", "locked", "free", "sold", "sold"))


def test_one_may_ask_two_things_in_turn() -> None:
    turns = turns_of(held_at(X, 1, 2))
    turns.begin()
    turns.passes_at(turns.sent(1, X.operation))
    told = [turns.answered(2, mark) for mark in ("locked", "held by 1") * 3]
    assert [bool(one) for one in told] == [False] * 5 + [True]


def test_nobody_waits_for_one_that_has_not_begun() -> None:
    turns = turns_of()
    turns.begin()
    assert not any(turns.answered(1, "locked") for _ in range(9))


def test_where_all_wait_for_each_other_none_is_held_any_longer() -> None:
    turns = turns_of(held_at(X, 1, 2))
    turns.begin()
    turns.passes_at(turns.sent(1, X.operation))
    for _ in range(3):
        turns.answered(2, "locked")
    assert [turns.answered(1, "locked too") for _ in range(2)] == [None, None]
    assert turns.answered(1, "locked too") == Turn(saga=2, why=Passed.WAITS, begins=False, held=1)
    assert not turns.free, "what the first one did meanwhile may be what the second waits for"
    assert turns.answered(2, "locked") is None
    assert turns.free
    assert turns.waited == (1, 2)
    assert turns.goes_on(2)
    assert turns.answered(1, "locked too") is None
