from __future__ import annotations

from harness.participant import Change
from harness.plan.decision import Symptom
from tests.unit.invariants.tale import Tale

ID = "no_zombie_effects"
SAYS = "step hold took effect after its undo was acknowledged"


def test_violated_by_an_effect_after_the_undo_was_acknowledged() -> None:
    tale = Tale()
    late = tale.act("hold", Symptom.SILENCE)
    tale.undo("hold")
    tale.deliver(late)
    tale.land(late)
    assert tale.violation(ID) == SAYS


def test_violated_by_the_rest_of_a_part() -> None:
    tale = Tale()
    late = tale.act("hold", 500)
    tale.land(late, Change.PART)
    tale.undo("hold")
    tale.land(tale.act("hold", None, applied=False), Change.COMPLETED)
    assert tale.violation(ID) == SAYS


def test_held_where_what_lands_late_changes_nothing() -> None:
    tale = Tale()
    late = tale.act("hold", Symptom.SILENCE)
    tale.undo("hold")
    tale.deliver(late)
    assert tale.held(ID)


def test_an_effect_before_the_acknowledgement_is_right() -> None:
    tale = Tale()
    late = tale.act("hold", Symptom.SILENCE)
    undo = tale.undo("hold", came=None)
    tale.deliver(late)
    tale.land(late)
    tale.came(undo, 204)
    assert tale.not_exercised(ID)


def test_without_an_acknowledged_undo_nothing_is_late() -> None:
    tale = Tale()
    late = tale.act("hold", Symptom.SILENCE)
    tale.undo("hold", came=500)
    tale.land(late)
    assert tale.not_exercised(ID)
