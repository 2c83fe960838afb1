"""More than there may be, and records that are undone after another saga relied on them."""

from __future__ import annotations

from dataclasses import replace

from harness.participant.state import StateKind
from tests.unit.invariants.test_isolation_anomalies import ACCOUNT, NOTE, ORDER, A, B, Play

assert isinstance(ORDER.kind, StateKind)
ONE_APPROVED = replace(ORDER, kind=replace(ORDER.kind, at_most={"approved": 1}))
ONE_NOTE = replace(NOTE, at_most=1)


def play() -> Play:
    return Play(resources=(ONE_APPROVED, ACCOUNT, ONE_NOTE))


def test_two_sagas_made_more_records_than_there_may_be() -> None:
    one = play()
    one.note(A)
    one.note(B)
    one.end(A)
    one.end(B)
    assert one.judged() == ("oversold: sagas saga-a and saga-b made 2 of shop.note, and there may be 1")


def test_who_turned_back_does_not_count() -> None:
    one = play()
    one.note(A)
    one.note(B)
    one.end(A)
    one.end(B, "stuck")
    assert not one.judged()


def test_one_saga_alone_oversells_nothing_to_another() -> None:
    one = play()
    one.note(A)
    one.note(A)
    one.end(A)
    one.end(B)
    assert not one.judged()


def test_two_sagas_left_more_in_a_state_than_there_may_be() -> None:
    one = play()
    one.put(A, "approved", "1")
    one.put(B, "approved", "2")
    one.end(A)
    one.end(B)
    assert one.judged() == (
        "write skew: sagas saga-a and saga-b left 2 of shop.order approved, and there may be 1"
    )


def test_what_left_the_state_again_does_not_count() -> None:
    one = play()
    one.put(A, "approved", "1")
    one.put(A, "shipped", "1")
    one.put(B, "approved", "2")
    one.put(B, "new", "2")
    one.put(B, "approved", "3")
    one.end(A)
    one.end(B)
    assert not one.judged()


def relies(
    status: str = "completed", *, again: bool = False, own: bool = False, made: int = 1, removed: bool = True
) -> str:
    """A makes records, B looks at the first and ends, and A takes it back: what is said of that."""
    one = Play()
    for _ in range(made):
        one.note(A)
    assert one.ask(B, "GET", "/notes/note-1") == 200
    if own:
        one.note(B)
    if again:
        assert one.ask(B, "GET", "/notes/note-1") == 200
    one.end(B, status)
    if removed:
        assert one.ask(A, "DELETE", "/notes/note-1") == 204
    one.end(A, "compensated")
    return one.judged()


def test_a_saga_completed_on_a_record_that_another_one_undid() -> None:
    assert relies() == (
        "dirty read: saga saga-b completed by what it read of shop.note note-1, which saga saga-a had made "
        "and undid later"
    )


def test_nothing_is_said_of_who_looked_again_or_made_one_of_its_own() -> None:
    assert not relies(again=True)
    assert not relies(own=True)


def test_nothing_is_said_where_it_is_still_there_or_the_reader_turned_back() -> None:
    assert not relies(removed=False)
    assert not relies("compensated")


def test_nobody_knows_which_of_two_was_read() -> None:
    assert not relies(made=2)


def test_what_was_gone_before_it_was_asked_for_was_not_read() -> None:
    one = Play()
    one.note(A)
    assert one.ask(A, "DELETE", "/notes/note-1") == 204
    assert one.ask(B, "GET", "/notes/note-1") in (404, 410)
    one.end(B)
    one.end(A, "compensated")
    assert not one.judged()
