"""What the bus brings more than once is handled more than once: that is no repeat of the saga's own."""

from __future__ import annotations

import pytest

from harness.history import MessageDelivered, MessagePublished
from tests.unit.invariants.tale import Tale, spec


def published(tale: Tale, message: int, id_: str = "1", saga: str = "saga-1") -> None:
    tale.events.append(
        MessagePublished(t_s=tale.now_s, call=1, message=message, id=id_, type="A", saga_id=saga, source="/")
    )


def came(tale: Tale, message: int = 1, *, attempt: int = 1, copy: int = 0, to: str = "on_a") -> None:
    tale.events.append(
        MessageDelivered(t_s=tale.now_s, call=1, message=message, subscription=to, attempt=attempt, copy=copy)
    )


def tale(*, gap_s: float = 0.0, most: int = 12) -> Tale:
    made = Tale(spec(max_attempts=most), gap_s=gap_s)
    published(made, 1)
    return made


def act(one: Tale, times: int = 1) -> None:
    for _ in range(times):
        one.act("hold")


def test_each_hand_over_has_an_attempt_of_its_own_and_one_immediate_repeat() -> None:
    one = tale()
    for copy in range(3):
        came(one, copy=copy)
        act(one, 2)
    assert one.held("bounded_retries")
    act(one)
    assert "under min_gap_s" in one.violation("bounded_retries")


def test_so_it_has_where_the_event_was_published_again_or_delivered_again() -> None:
    one = tale()
    came(one)
    published(one, 2)
    came(one, 2)
    came(one, 2, attempt=2)
    act(one, 6)
    assert one.held("bounded_retries")


@pytest.mark.parametrize("other", ["another event", "another subscription", "another saga", "later"])
def test_what_did_not_come_again_before_it_excuses_no_haste(other: str) -> None:
    one = tale()
    came(one)
    if other == "another event":
        published(one, 2, "2")
        came(one, 2)
    if other == "another subscription":
        came(one, to="on_b")
    if other == "another saga":
        published(one, 2, saga="saga-2")
        came(one, 2)
    act(one, 3)
    if other == "later":
        came(one, copy=1)
    assert "under min_gap_s" in one.violation("bounded_retries")


def test_each_copy_of_an_event_may_be_tried_for_as_often_as_the_event() -> None:
    one = tale(gap_s=0.1, most=2)
    came(one)
    act(one, 2)
    came(one, copy=1)
    act(one, 2)
    assert one.held("bounded_retries")
    act(one)
    assert "attempted 5 times, and max_attempts is 2" in one.violation("bounded_retries")


def test_a_redelivery_is_no_copy_and_what_comes_later_excuses_nothing() -> None:
    one = tale(gap_s=0.1, most=2)
    came(one)
    came(one, attempt=2)
    act(one, 3)
    came(one, copy=1)
    assert "attempted 3 times" in one.violation("bounded_retries")


def test_two_events_that_came_twice_are_no_three_copies_of_one() -> None:
    one = tale(gap_s=0.1, most=2)
    published(one, 2, "2")
    for message in (1, 2):
        came(one, message)
        came(one, message, copy=1)
    act(one, 5)
    assert "attempted 5 times" in one.violation("bounded_retries")
