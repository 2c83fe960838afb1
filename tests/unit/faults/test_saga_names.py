"""What an id in a call stands for, where a service makes ids of its own."""

from __future__ import annotations

from harness.faults.saga_names import SagaNames


def test_a_name_of_nobody_stays_nobodys_unless_an_id_is_expected() -> None:
    names = SagaNames(("saga-1",), ("saga-0",))
    assert names.stands_for("order-1") == "order-1"
    names.expect("saga-1")
    assert names.stands_for("order-1") == "saga-1"
    assert names.stands_for("saga-0") == "saga-0"
    assert names.told("saga-1", "order-1") == []
    assert names.stands_for("order-2") == "order-2"
    assert (names.made, names.known("order-1"), names.known("order-2")) == (("order-1",), True, False)


def test_a_name_that_was_wrongly_taken_is_told() -> None:
    names = SagaNames(("saga-1",))
    names.expect("saga-1")
    names.stands_for("order-9")
    assert names.told("saga-1", "order-1") == ["order-9"]


def test_of_two_starts_at_once_each_may_have_made_the_name() -> None:
    names = SagaNames(("saga-1",))
    names.expect("saga-1")
    names.expect("saga-1")
    names.stands_for("order-1")
    assert names.told("saga-1", "order-2") == []
    assert names.told("saga-1", "order-1") == []


def test_an_unanswered_start_may_have_made_whatever_was_named() -> None:
    names = SagaNames(("saga-1",))
    names.expect("saga-1")
    names.stands_for("order-1")
    names.unanswered("saga-1")
    names.expect("saga-1")
    assert names.told("saga-1", "order-2") == []
    assert names.stands_for("order-1") == names.stands_for("order-2") == "saga-1"


def test_an_id_that_was_made_for_an_earlier_run_is_that_runs() -> None:
    names = SagaNames(("saga-2",))
    names.made_earlier({"order-1"})
    names.expect("saga-2")
    assert names.stands_for("order-1") == "order-1"
    assert names.of_an_earlier_run("order-1")
    names.told("saga-2", "order-1")  # the service says that it is this one's
    assert not names.of_an_earlier_run("order-1")
