"""What a saga could know, as of an event."""

from __future__ import annotations

from harness.participant import Verb
from harness.plan.decision import Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Direction, SagaSpec, Status
from tests.unit.invariants.tale import CHARGE, HOLD, PARCEL, Tale, resource, step

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


def no_claims() -> Tale:
    return Tale(SagaSpec(name="tale", steps=(HOLD, CHARGE), claims=frozenset()))


def test_where_no_reply_is_ever_lost_an_error_means_not_done() -> None:
    for came in (Symptom.SILENCE, 500, 409):
        for tale, needless in ((no_claims(), True), (Tale(), came == 409)):
            tale.act("hold", came)
            assert tale.saga.needless("hold") is needless


def test_even_there_what_is_under_way_acknowledged_or_unreadable_is_needed() -> None:
    for came, readable in ((None, {}), (201, {}), (201, {"readable": False})):
        tale = no_claims()
        tale.act("hold", came, **readable)
        assert not tale.saga.needless("hold")


def test_an_undo_is_given_up_once_its_last_try_failed() -> None:
    tale = Tale()
    tale.act("hold")
    failed = tale.undo("hold", came=None)
    under_way = len(tale.events)
    tale.came(failed, 500)
    over = len(tale.events)
    assert [tale.saga.given_up("hold", index) for index in (under_way, over)] == [False, True]
    tale.undo("hold")
    assert not tale.saga.given_up("hold", len(tale.events))


def test_what_was_never_tried_is_given_up_only_where_tries_may_be_unseen() -> None:
    for visible in (True, False):
        tale = Tale(visible_attempts=visible)
        tale.act("hold")
        assert tale.saga.given_up("hold", len(tale.events)) is not visible


def test_a_contradiction_counts_once_it_came() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    number = tale.act("hold", None)
    before = len(tale.events)
    tale.came(number, 409)
    assert [tale.saga.contradicted("hold", index) for index in (before, len(tale.events))] == [False, True]
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    tale.act("hold")
    assert not tale.saga.contradicted("hold")


def test_there_is_no_way_back_where_nothing_finds_it_or_undoes_it_unseen() -> None:
    found_only = resource("hold", Verb.CREATE, Verb.DELETE, Verb.FIND)
    tale = Tale(resources=(found_only,))
    tale.act("hold", Symptom.SILENCE)
    assert not tale.saga.no_way_back("hold")
    tale.ask("hold")
    assert tale.saga.no_way_back("hold")
    tale.act("hold")
    assert not tale.saga.no_way_back("hold")


def test_who_asked_in_vain_and_tried_again_in_vain_has_no_way_back_either() -> None:
    found_only = resource("hold", Verb.CREATE, Verb.DELETE, Verb.FIND)
    tale = Tale(resources=(found_only,))
    tale.ask("hold")
    tale.act("hold", Symptom.SILENCE)
    assert not tale.saga.no_way_back("hold"), "it asked before there was anything to find"
    tale.ask("hold")
    tale.act("hold", Symptom.SILENCE)
    assert tale.saga.no_way_back("hold")
    assert not tale.saga.needless("hold")
    tale.ask("hold", lists=("hold-1",))
    assert not tale.saga.no_way_back("hold"), "now it knows what to undo"


def test_a_query_tells_nothing_before_it_is_answered() -> None:
    tale = Tale()
    tale.act("hold", Symptom.SILENCE)
    number = tale.ask("hold", came=None, lists=("hold-1",))
    before = len(tale.events)
    tale.came(number, 200, lists=("hold-1",), shows=("hold",))
    assert [tale.saga.shown("hold", index) for index in (before, len(tale.events))] == [False, True]


def test_a_step_without_an_undo_never_needs_one() -> None:
    tale = Tale(SagaSpec(name="tale", steps=(step("look", undo=False),)))
    tale.act("look")
    assert tale.saga.needless("look")


# What a struck executor knew ---------------------------------------------------------------------


def test_what_was_answered_to_a_struck_executor_is_in_doubt_and_may_be_known() -> None:
    tale = Tale()
    tale.strike(tale.act("hold"))
    saga = tale.saga
    assert saga.acknowledged("hold", ACTION) is None
    assert len(saga.doubts("hold")) == 1
    assert saga.taken_as_done("hold", ACTION)
    assert not saga.needless("hold")


def test_a_second_start_strikes_nobody() -> None:
    tale = Tale()
    tale.strike(tale.act("hold"), ProcessFault.START_AGAIN)
    assert tale.saga.acknowledged("hold", ACTION) is not None


def test_a_refusal_after_a_struck_call_is_a_contradiction() -> None:
    tale = Tale()
    tale.strike(tale.act("hold"))
    tale.act("hold", 409, executor=2)
    assert tale.saga.contradicted("hold")


def test_the_struck_call_and_the_next_one_count_as_begun() -> None:
    tale = Tale()
    assert not tale.saga.perhaps_begun("hold")
    call = tale.act("hold")
    before = len(tale.events)
    tale.strike(call)
    saga = tale.saga
    assert [saga.perhaps_begun(name) for name in ("hold", "charge")] == [True, True]
    assert not saga.perhaps_begun("charge", before)


def test_a_cancelled_saga_owes_what_its_pivot_decides() -> None:
    for applied, owed in ((True, Status.COMPLETED), (False, Status.COMPENSATED)):
        tale = Tale(SagaSpec(name="tale", steps=(HOLD, PARCEL)))
        tale.act("hold")
        tale.strike(tale.act("parcel", None, applied=applied), ProcessFault.CANCEL)
        assert tale.end(cancelled=True).saga.status is owed


def test_a_death_leaves_doubt_even_where_no_reply_is_ever_lost() -> None:
    tale = no_claims()
    tale.strike(tale.act("hold", None, applied=False))
    assert not tale.saga.needless("hold")


def test_a_refusal_of_what_may_have_been_begun_is_a_contradiction() -> None:
    for struck in (True, False):
        tale = Tale()
        call = tale.act("hold")
        if struck:
            tale.strike(call)
        tale.act("charge", 409, executor=2)
        assert tale.saga.contradicted("charge") is struck


def test_an_undo_that_never_left_was_not_sent_and_an_action_counts_as_begun() -> None:
    tale = Tale()
    tale.strike(tale.act("hold", None, applied=False), boundary=Boundary.BEFORE_SEND)
    tale.strike(tale.undo("hold", came=None, executor=2), boundary=Boundary.BEFORE_SEND)
    assert tale.saga.undos() == []
    assert tale.saga.attempts("hold", UNDO) == []
    assert len(tale.saga.doubts("hold")) == 1
