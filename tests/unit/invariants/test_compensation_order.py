from __future__ import annotations

import pytest

from harness.invariants import INVARIANTS
from harness.plan.decision import Symptom
from harness.saga import Order
from tests.unit.invariants.tale import HOLD, Tale, spec, step

ID = "compensation_order"
WRONG = "the undo of step hold was sent before that of step charge was settled"


def both_done(tale: Tale) -> Tale:
    tale.act("hold")
    tale.act("charge")
    return tale


def test_held_in_reverse_and_violated_forwards() -> None:
    tale = both_done(Tale())
    tale.undo("charge")
    tale.undo("hold")
    assert tale.held(ID)
    tale = both_done(Tale())
    first = tale.undo("hold")
    tale.undo("charge")
    assert tale.violation(ID) == WRONG
    assert tale.judge(ID).evidence[0] == tale.view.history.calls[first - 1].index


def test_violated_where_the_other_undo_is_still_under_way() -> None:
    tale = both_done(Tale())
    other = tale.undo("charge", came=None)
    tale.undo("hold")
    tale.came(other, 204)
    assert tale.violation(ID) == WRONG


def test_violated_where_the_other_is_never_undone() -> None:
    tale = both_done(Tale())
    tale.undo("hold")
    assert tale.violation(ID) == WRONG


@pytest.mark.parametrize("came", [409, Symptom.REFUSED])
def test_what_surely_was_not_applied_needs_no_undo_before(came: int | Symptom) -> None:
    tale = Tale()
    tale.act("hold")
    tale.act("charge", came)
    tale.undo("hold")
    assert not tale.judge(ID).message


def test_a_doubtful_step_must_be_settled_first_by_undo_or_query() -> None:
    for settle, right in ((None, False), ("undo", True), ("ask", True)):
        tale = Tale()
        tale.act("hold")
        tale.act("charge", Symptom.SILENCE)
        if settle:
            getattr(tale, settle)("charge")
        tale.undo("hold")
        assert bool(tale.judge(ID).message) is not right


def test_an_unreadable_success_of_an_undo_settles_it() -> None:
    tale = both_done(Tale())
    tale.undo("charge", came=201, readable=False)
    tale.undo("hold")
    assert tale.held(ID)


def test_an_undo_given_up_for_good_lets_the_next_one_go() -> None:
    tale = both_done(Tale())
    tale.undo("charge", came=500)
    tale.undo("hold")
    assert tale.held(ID)
    tale.undo("charge")
    assert tale.violation(ID) == WRONG


def test_a_query_that_failed_for_good_lets_the_next_one_go() -> None:
    tale = both_done(Tale())
    tale.ask("charge", came=500)
    tale.undo("hold")
    assert not tale.judge(ID).message


def test_one_undo_by_saga_may_cover_both() -> None:
    tale = both_done(Tale())
    tale.undo("hold", "charge")
    assert tale.held(ID)


def test_in_dependency_order_only_dependents_come_first() -> None:
    tree = (HOLD, step("charge", after=("hold",)), step("gift", after=("hold",)))
    tale = Tale(spec(*tree))
    for name in ("hold", "charge", "gift"):
        tale.act(name)
    for name in ("charge", "gift", "hold"):
        tale.undo(name)
    assert tale.held(ID)
    tale = Tale(spec(*tree))
    for name in ("hold", "charge", "gift"):
        tale.act(name)
    for name in ("gift", "hold"):
        tale.undo(name)
    assert tale.violation(ID) == WRONG


def test_the_policy_overrules_the_shape() -> None:
    tree = (HOLD, step("charge", after=("hold",)), step("gift", after=("hold",)))
    tale = Tale(spec(*tree, order=Order.STRICT))
    for name in ("hold", "charge", "gift"):
        tale.act(name)
    tale.undo("charge")
    assert tale.violation(ID) == "the undo of step charge was sent before that of step gift was settled"
    tale = both_done(Tale(spec(order=Order.NONE)))
    tale.undo("hold")
    tale.undo("charge")
    assert tale.not_exercised(ID)


def test_one_undo_alone_does_not_exercise_it() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold")
    assert tale.not_exercised(ID)


def test_an_undo_that_belongs_to_no_step_has_no_order() -> None:
    tale = both_done(Tale())
    tale.undo()
    assert tale.not_exercised(ID)


def test_an_undo_by_saga_is_due_as_soon_as_one_of_its_steps_is() -> None:
    three = (HOLD, step("charge"), step("gift"))
    tale = Tale(spec(*three))
    for name in ("hold", "charge", "gift"):
        tale.act(name)
    tale.undo("hold", "gift")
    tale.undo("charge")
    assert tale.held(ID)


def test_every_undo_out_of_order_is_found() -> None:
    tale = Tale(spec(HOLD, step("charge"), step("gift")))
    for name in ("hold", "charge", "gift"):
        tale.act(name)
    for name in ("hold", "charge", "gift"):
        tale.undo(name)
    found = [one.message for one in INVARIANTS[ID].finds(tale.view, tale.saga)]
    assert found == [
        "the undo of step hold was sent before that of step charge was settled",
        "the undo of step charge was sent before that of step gift was settled",
    ]
