from __future__ import annotations

from harness.participant import Change
from harness.plan.decision import Symptom
from tests.unit.invariants.tale import Tale

ID = "idempotent_compensation"


def test_not_exercised_without_a_repeat() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold")
    assert tale.not_exercised(ID)


def test_held_where_a_repeat_changes_nothing() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=Symptom.SILENCE, applied=True)
    tale.undo("hold", came=404, applied=False)
    assert tale.held(ID)
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", copies=1)
    assert tale.held(ID)


def test_violated_by_a_second_effect() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=Symptom.SILENCE, applied=True)
    tale.land(tale.undo("hold", applied=False), Change.REMOVED_AGAIN)
    assert tale.violation(ID) == "the undo of step hold took effect 2 times on shop.hold #1"
