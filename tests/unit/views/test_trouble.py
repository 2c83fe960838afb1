from __future__ import annotations

from harness.plan.decision import Symptom
from harness.views import first_trouble
from tests.unit.invariants.tale import Tale


def test_nothing_went_wrong() -> None:
    tale = Tale()
    tale.act("hold")
    assert first_trouble(tale.end("completed").view) == ""


def test_a_route_that_is_not_declared_comes_first_of_all() -> None:
    tale = Tale()
    tale.act("hold", 500)
    tale.act("charge", saga="order-77")
    assert first_trouble(tale.view) == (
        "POST /charges at shop names the saga 'order-77', which is none of this run "
        "([saga.correlation] says where calls name it)"
    )
    tale.undo(came=404)
    assert first_trouble(tale.end("stuck", error="lost").view) == (
        "DELETE /nowhere at shop is no route that is declared"
    )


def test_what_the_saga_says_comes_before_what_was_answered() -> None:
    tale = Tale()
    tale.act("hold", 402)
    assert first_trouble(tale.view) == "POST /holds at shop was answered 402"
    assert first_trouble(tale.end("compensated", error="x" * 300).view) == f"the saga says {'x' * 200!r}"


def test_what_was_not_answered() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    assert first_trouble(tale.end("compensated", error="").view) == "POST /holds at shop was not answered"
    assert first_trouble(Tale().view) == ""
