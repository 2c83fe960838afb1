from __future__ import annotations

from harness.plan.decision import Symptom
from tests.unit.invariants.tale import Tale

ID = "idempotent_actions"


def test_not_exercised_without_a_repeat() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("completed").not_exercised(ID)


def test_held_where_a_repeat_changes_nothing() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE, applied=True)
    tale.act("hold", applied=False)
    assert tale.held(ID)
    tale = Tale()
    tale.act("hold", copies=1)
    assert tale.held(ID)


def test_violated_by_a_second_effect_even_where_it_was_undone() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE, applied=True)
    tale.act("hold")
    tale.undo("hold")
    assert tale.violation(ID) == "the action of step hold took effect 2 times"


def test_two_steps_may_each_take_effect() -> None:
    tale = Tale()
    tale.act("hold", copies=1)
    tale.act("charge")
    assert tale.held(ID)
