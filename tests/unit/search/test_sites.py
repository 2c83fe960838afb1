"""After which calls none is left that a fault could strike."""

from __future__ import annotations

from collections import Counter

from harness.history import History
from harness.plan import Fault, FaultPlan
from harness.search.sites import unfollowed
from tests.unit.invariants.tale import Tale

OUTAGE = FaultPlan((Fault(kind="outage", operation="shop.hold.create"),))


def of(tale: Tale, struck: int = 0) -> tuple[int, ...]:
    return unfollowed(History(tuple(tale.events)), OUTAGE, Counter({0: struck}))


def test_a_call_after_it_is_left() -> None:
    tale = Tale()
    tale.act("hold")
    assert of(tale) == (0,)
    tale.act("charge", participant="bank")
    assert of(tale) == (0,)
    tale.undo("hold")
    assert of(tale) == ()


def test_one_that_another_fault_struck_is_not() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", fault="error_before")
    assert of(tale) == (0,)


def test_nor_one_that_was_sent_before_it_ended() -> None:
    """Two calls side by side: once the first has ended, nothing is sent any more."""
    tale = Tale()
    first = tale.act("hold", None)
    second = tale.act("charge", None)
    tale.came(first, 201)
    tale.came(second, 201)
    assert of(tale) == (0,)


def test_what_struck_is_not_asked_about() -> None:
    tale = Tale()
    tale.act("hold")
    assert of(tale, struck=1) == ()


def test_nor_does_a_call_say_anything_that_never_came_or_never_ended() -> None:
    tale = Tale()
    assert of(tale) == ()
    tale.act("hold", None)
    assert of(tale) == ()
