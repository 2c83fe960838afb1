import pytest

from scenarios.orchestrator import Answered, RetryPolicy, Unanswered
from scenarios.orchestrator.retry import (
    Reading,
    first_listed,
    read_action,
    read_query,
    read_undo,
    resource_id,
)


def test_back_off_is_capped_and_attempts_are_bounded() -> None:
    policy = RetryPolicy.exponential(5, 0.1)
    waits = [policy.wait_s(attempt, None) for attempt in range(1, 6)]
    assert waits == [0.1, 0.2, 0.4, 0.5, None]


def test_the_longer_of_back_off_and_retry_after_is_waited() -> None:
    policy = RetryPolicy(first_wait_s=0.4)
    assert policy.wait_s(1, 0.1) == 0.4
    assert policy.wait_s(1, 3.0) == pytest.approx(3.05)


def test_a_retry_after_beyond_patience_ends_the_attempts() -> None:
    assert RetryPolicy(longest_retry_after_s=10).wait_s(1, 11.0) is None


MADE = {"id": "x"}
D, R, U, Q = Reading.DONE, Reading.REFUSED, Reading.UNTOUCHED, Reading.DOUBTFUL


@pytest.mark.parametrize(
    ("reply", "action", "undo", "query"),
    [
        (Answered(status=201, content=MADE), D, D, Q),
        (Answered(status=200, content=MADE), D, D, D),
        (Answered(status=204), Q, D, Q),
        (Answered(status=201, readable=False), Q, Q, Q),
        (Answered(status=200, readable=False), Q, Q, Q),
        (Answered(status=202, content=MADE), Q, Q, Q),
        (Answered(status=302), Q, Q, Q),
        (Answered(status=404), R, D, Q),
        (Answered(status=410), R, D, Q),
        (Answered(status=408), Q, Q, Q),
        (Answered(status=409), R, Q, Q),
        (Answered(status=429), U, Q, Q),
        (Answered(status=500), Q, Q, Q),
        (Answered(status=503), Q, Q, Q),
        (Unanswered(sent=True, error="ReadTimeout"), Q, Q, Q),
        (Unanswered(sent=False, error="ConnectError"), U, U, Q),
    ],
)
def test_what_a_reply_means(
    reply: Answered | Unanswered, action: Reading, undo: Reading, query: Reading
) -> None:
    assert (read_action(reply), read_undo(reply), read_query(reply)) == (action, undo, query)


@pytest.mark.parametrize("content", [None, [], "x", 5, {}, {"id": ""}, {"id": 5}])
def test_nonsense_has_no_id(content: object) -> None:
    assert resource_id(content) is None
    assert first_listed({"items": [content]}) is None


@pytest.mark.parametrize("content", [None, [], {"items": []}, {"items": "x"}])
def test_nonsense_lists_nothing(content: object) -> None:
    assert first_listed(content) is None
