from __future__ import annotations

from harness.participant import Change
from harness.plan.decision import Symptom
from tests.unit.invariants.tale import Tale


def test_incarnations_live_until_they_are_removed() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge")
    tale.undo("hold")
    ledger = tale.view.ledger
    assert [(one.resource, one.number, one.live) for one in ledger.incarnations] == [
        ("shop.hold", 1, False),
        ("shop.charge", 1, True),
    ]
    assert [one.step for one in ledger.left("saga-1")] == ["charge"]
    assert (ledger.applied("saga-1", "hold"), ledger.applied("saga-1", "charge")) == (False, True)
    assert list(ledger.of("saga-1", "nothing")) == []
    assert len(list(ledger.of("saga-1"))) == 2
    assert list(ledger.of("another")) == []


def test_a_part_is_left_but_not_applied_until_the_rest_comes() -> None:
    tale = Tale()
    tale.land(tale.act("hold", 500), Change.PART)
    assert [one.whole for one in tale.view.ledger.left("saga-1")] == [None]
    assert not tale.view.ledger.applied("saga-1", "hold")
    tale.land(tale.act("hold", applied=False), Change.COMPLETED)
    assert tale.view.ledger.applied("saga-1", "hold")


def test_each_removal_is_kept() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=Symptom.SILENCE, applied=True)
    tale.land(tale.undo("hold", applied=False), Change.REMOVED_AGAIN)
    (held,) = tale.view.ledger.incarnations
    assert len(held.removals) == 2
    assert held.made < held.removals[0] < held.removals[1]


def test_what_belongs_to_no_saga_of_the_run_is_nobodys() -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge", saga="order-77")
    tale.land(tale.act("hold", saga="order-78", applied=False), counts=False)
    assert [(one.step, one.saga_id) for one in tale.view.ledger.nobodys(("saga-1",))] == [
        ("charge", "order-77")
    ]
    tale.undo("charge", saga="order-77")
    assert tale.view.ledger.nobodys(("saga-1",)) == ()


def test_what_was_there_before_the_run_is_nobodys_concern() -> None:
    tale = Tale()
    tale.act("hold")
    undo = tale.undo("hold", applied=False)
    tale.land(undo, Change.REMOVED, number=7)
    tale.land(undo, Change.COMPLETED, number=8)
    assert [one.number for one in tale.view.ledger.incarnations] == [1]
    assert [one.number for one in tale.view.ledger.left("saga-1")] == [1]
