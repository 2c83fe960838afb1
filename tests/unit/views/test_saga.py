"""What a saga could know, as of an event."""

from __future__ import annotations

from harness.plan.treatment import Symptom
from harness.saga import Direction, Status
from tests.unit.invariants.tale import Tale

ACTION, UNDO = Direction.ACTION, Direction.COMPENSATION


def test_the_last_word_of_the_last_executor() -> None:
    tale = Tale()
    assert (tale.saga.status, tale.saga.ended) == (None, None)
    assert tale.end("running").saga.status is Status.RUNNING
    assert tale.end("completed", executor=2).saga.status is Status.COMPLETED
    assert tale.end(problem="it raised", executor=3).saga.status is None


def test_nothing_is_known_before_it_came() -> None:
    tale = Tale()
    number = tale.act("hold", None)
    before = len(tale.events)
    tale.came(number, 201)
    after = len(tale.events)
    saga = tale.saga
    assert saga.acknowledged("hold", ACTION, before) is None
    assert saga.acknowledged("hold", ACTION, after) is not None
    assert [len(saga.doubts("hold", index)) for index in (0, before, after)] == [0, 1, 0]
    assert [saga.surely_not_applied("hold", index) for index in (0, before, after)] == [True, False, False]


def test_queries_show_and_deny() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    assert (tale.saga.shown("hold"), tale.saga.denied("hold")) == (False, False)
    tale.ask("hold", came=500)
    assert (tale.saga.shown("hold"), tale.saga.denied("hold")) == (False, False)
    tale.ask("hold")
    assert (tale.saga.shown("hold"), tale.saga.denied("hold")) == (False, True)
    tale.act("hold", Symptom.SILENCE)
    assert not tale.saga.denied("hold")
    tale.ask("hold", lists=("hold-1",))
    assert (tale.saga.shown("hold"), tale.saga.denied("hold")) == (True, False)
    assert [len(tale.saga.queries(name)) for name in ("hold", "charge")] == [3, 0]


def test_an_undo_is_acknowledged_by_its_repeat_after_a_202() -> None:
    tale = Tale()
    tale.act("hold")
    tale.undo("hold", came=202)
    assert not tale.saga.undone("hold")
    tale.undo("hold")
    assert tale.saga.undone("hold")
    assert len(tale.saga.attempts("hold", UNDO)) == len(tale.saga.undos()) == 1


def test_calls_of_another_saga_are_not_its_own() -> None:
    tale = Tale(sagas=("saga-1", "saga-2"))
    tale.act("hold")
    tale.act("hold", saga="saga-2")
    assert [len(saga.calls) for saga in tale.view.sagas] == [1, 1]
