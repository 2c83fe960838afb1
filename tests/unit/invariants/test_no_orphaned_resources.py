from __future__ import annotations

import msgspec
import pytest

from harness.history import EffectApplied
from harness.participant import Change
from harness.plan.decision import Symptom
from tests.unit.invariants.tale import Tale

ID = "no_orphaned_resources"


def test_held_where_all_is_undone_or_owned() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold")
    assert tale.end("compensated").held(ID)
    tale = Tale()
    tale.act("hold")
    assert tale.end("completed").held(ID)


@pytest.mark.parametrize(("status", "says"), [("compensated", "compensated"), ("running", "running")])
def test_violated_by_what_is_left(status: str, says: str) -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE, applied=True)
    message = tale.end(status).violation(ID)
    assert message == f"shop.hold #1 of step hold is left, and the saga ended with {says}"


def test_violated_where_the_saga_gave_no_outcome() -> None:
    tale = Tale()
    made = tale.act("hold")
    judged = tale.end(problem="the saga raised KeyError").judge(ID)
    assert judged.message == "shop.hold #1 of step hold is left, and the saga ended with no outcome"
    assert judged.evidence == (tale.view.history.calls[made - 1].effects[0][0],)


def test_stuck_excuses_what_is_left() -> None:
    tale = Tale()
    tale.act("hold")
    assert tale.end("stuck").held(ID)


def test_what_a_step_without_undo_leaves_does_not_count() -> None:
    tale = Tale()
    number = tale.act("hold", applied=False)
    tale.land(number, counts=False)
    assert tale.end("compensated").held(ID)


@pytest.mark.parametrize("status", ["completed", "compensated", "running"])
@pytest.mark.parametrize(("id_", "under"), [("order-77", "the id 'order-77'"), ("", "no id")])
def test_violated_by_what_was_made_under_an_id_of_no_saga(status: str, id_: str, under: str) -> None:
    tale = Tale()
    tale.act("hold", saga=id_)
    message = tale.end(status).violation(ID)
    assert message.startswith(f"shop.hold #1 of step hold is left, made under {under}, which is no saga of")
    assert "[saga.correlation]" in message


def test_held_where_what_is_nobodys_is_gone_does_not_count_or_waits_for_a_person() -> None:
    tale = Tale()
    tale.act("hold", saga="order-77")
    assert tale.end("stuck").held(ID)
    tale.undo("hold", saga="order-77")
    tale.land(tale.act("charge", saga="order-77", applied=False), counts=False)
    assert tale.end("compensated").held(ID)


def test_what_was_taken_back_in_part_is_left_in_part() -> None:
    tale = Tale()
    tale.act("hold")
    made = next(event for event in tale.events if isinstance(event, EffectApplied))
    tale.events.append(msgspec.structs.replace(made, change=Change.LESSENED))
    judged = tale.end("compensated").judge(ID)
    assert judged.message == "shop.hold #1 of step hold is left in part, and the saga ended with compensated"
    assert len(judged.evidence) == 2
    assert tale.violation("complete_compensation") == "step hold was applied and undone only in part"
