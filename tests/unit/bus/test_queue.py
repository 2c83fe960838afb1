"""The queue of a bus: what is due, what comes again, what is a dead letter, and which order is kept."""

from __future__ import annotations

import pytest

from harness.bus import Entry, Keeping, MessageQueue, Promise
from harness.cloudevents import CloudEvent
from harness.errors import ScenarioError


def event(type_: str = "A", id_: str = "1") -> CloudEvent:
    return CloudEvent(id=id_, source="/", type=type_)


def published(queue: MessageQueue, type_: str = "A", id_: str = "1", saga: str = "s") -> tuple[Entry, ...]:
    return queue.publish(event(type_, id_), saga_id=saga, call=0)[1]


def test_each_subscription_gets_a_message_once() -> None:
    queue = MessageQueue(Promise(), {"A": ("x", "y")})
    queue.subscribe("A", "x")
    queue.subscribe("A", "z")
    assert [one.subscription for one in published(queue)] == ["x", "y", "z"]
    assert published(queue, "B") == ()


def test_an_event_that_is_published_twice_is_delivered_twice() -> None:
    queue = MessageQueue(Promise(), {"A": ("x",)})
    (first,), (second,) = published(queue), published(queue)
    assert first is not second
    assert queue.due(first)
    assert queue.due(second)


def test_without_an_order_nothing_waits() -> None:
    queue = MessageQueue(Promise(), {"A": ("x",)})
    (first,), (second,) = published(queue), published(queue, id_="2")
    queue.out(first)
    assert not queue.due(first)
    assert queue.due(second)
    assert list(queue.acknowledged(first)) == []


def test_with_an_order_the_next_one_waits_for_the_one_before_it() -> None:
    queue = MessageQueue(Promise(order=Keeping.KEY, attempts=2), {"A": ("x",), "B": ("x",)})
    (first,), (second,) = published(queue), published(queue, "B", "2")
    (other,) = published(queue, saga="t")
    assert [queue.due(one) for one in (first, second, other)] == [True, False, True]
    queue.out(first)
    assert queue.failed(first, struck=True)
    assert not queue.due(second)
    queue.out(first)
    assert not queue.failed(first, struck=True)
    assert list(queue.after_dead(first)) == [second]
    assert queue.due(second)
    queue.out(second)
    assert list(queue.acknowledged(second)) == []


def test_after_so_many_attempts_it_is_a_dead_letter() -> None:
    queue = MessageQueue(Promise(attempts=3), {"A": ("x",)})
    (entry,) = published(queue)
    for struck in (True, False):
        queue.out(entry)
        assert queue.failed(entry, struck=struck)
    assert queue.pending("s")
    queue.out(entry)
    assert not queue.failed(entry, struck=True)
    assert (entry.attempts, entry.struck) == (3, 2)
    assert queue.dead("s") == (entry,)
    assert not queue.pending("s")
    assert queue.dead("t") == ()


def test_a_delivery_that_the_bus_could_not_make_is_no_attempt() -> None:
    queue = MessageQueue(Promise(attempts=1), {"A": ("x",)})
    (entry,) = published(queue)
    queue.out(entry)
    assert queue.failed(entry, struck=True, counts=False)
    assert (entry.attempts, entry.struck, entry.refusals) == (0, 0, 1)


def test_pauses_double() -> None:
    promise = Promise(redeliver_after_s=0.5)
    assert [promise.pause_s("sim", one) for one in (1, 2, 3, 6, 7)] == [0.5, 1.0, 2.0, 16.0, 16.0]
    assert Promise().pause_s("wire", 1) == 0.1
    assert (Promise().waits_s("sim"), Promise(ack_timeout_s=3).waits_s("sim")) == (30.0, 3)


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"ack_timeout_s": 0}, {"redeliver_after_s": -1}])
def test_numbers_that_promise_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ScenarioError, match="bus, "):
        Promise(**wrong)  # type: ignore[arg-type]
