from __future__ import annotations

from harness.participant import Change
from tests.unit.invariants.tale import Tale

ID = "isolation"


def two() -> Tale:
    tale = Tale(sagas=("saga-1", "saga-2"))
    tale.act("hold")
    tale.act("hold", saga="saga-2")
    return tale


def test_held_where_each_undoes_its_own() -> None:
    tale = two()
    tale.land(tale.undo("hold", applied=False), Change.REMOVED, number=1)
    tale.land(tale.undo("hold", applied=False, saga="saga-2"), Change.REMOVED, number=2)
    assert tale.held(ID)


def test_violated_where_one_changes_what_is_the_others() -> None:
    tale = two()
    tale.land(tale.undo("hold", applied=False, saga="saga-2"), Change.REMOVED, number=1, owner="saga-1")
    assert tale.violation(ID) == "undo of another's work: saga saga-2 changed shop.hold #1 of saga-1"


def test_what_is_of_no_saga_of_this_run_is_not_judged() -> None:
    tale = two()
    tale.land(tale.undo("hold", applied=False, saga="saga-2"), Change.REMOVED, number=1, owner="a stranger")
    assert tale.held(ID)


def test_not_exercised_by_one_saga() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.not_exercised(ID)
