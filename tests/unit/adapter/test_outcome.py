"""What a saga that raised is said to have done, and where."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable

import msgspec
import pytest

from harness.adapter.outcome import read_failure, read_outcome


def raised(saga: Callable[[], object]) -> str:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - whatever it is
        saga()
    return read_failure(caught.value).problem or ""


def fails() -> None:
    raise KeyError("x")


def fails_deep_in_a_library() -> None:
    json.loads("{")


async def waits() -> None:
    await asyncio.sleep(0)
    fails()


def test_it_is_told_with_the_line_of_the_saga() -> None:
    assert re.fullmatch(r"the saga raised KeyError: 'x' \(test_outcome\.py:\d+\)", raised(fails))


def test_of_code_that_is_not_its_own_the_line_that_called_it() -> None:
    line = fails_deep_in_a_library.__code__.co_firstlineno + 1
    assert raised(fails_deep_in_a_library).endswith(f" (test_outcome.py:{line})")


def test_through_a_loop_too() -> None:
    line = fails.__code__.co_firstlineno + 1
    assert raised(lambda: asyncio.run(waits())).endswith(f" (test_outcome.py:{line})")


def test_what_is_ours_alone_has_no_line() -> None:
    assert read_failure(TimeoutError("late")).problem == "the saga raised TimeoutError: late"


def test_where_something_lies_in_memory_is_not_told() -> None:
    told = read_failure(RuntimeError(f"no {object()!r}")).problem or ""
    assert "0x…" in told
    assert read_outcome({"status": "completed"}).problem is None
    detail = read_outcome({"status": "completed", "detail": {"kept": [object()]}}).detail
    assert detail == {"kept": ["<object object at 0x…>"]}


class Rude:
    def __repr__(self) -> str:
        return "rude \ud800"


@pytest.mark.parametrize(
    "detail", ["\ud800", {"error": ["half \udfff"]}, {"\ud800": 1}], ids=["text", "nested", "key"]
)
def test_half_a_surrogate_pair_is_a_problem_of_the_saga_and_can_be_written(detail: object) -> None:
    returned = read_outcome({"status": "completed", "detail": detail})
    assert returned.status is None
    assert returned.problem is not None
    assert "without half a surrogate pair" in returned.problem
    assert msgspec.json.decode(msgspec.json.encode(returned), type=type(returned)) == returned


def half_a_pair() -> None:
    raise ValueError("\ud800")


@pytest.mark.parametrize(
    "returned", [Rude(), {"status": Rude()}, {"status": "\ud800"}, {"status": "completed", "detail": Rude()}]
)
def test_whatever_came_back_can_be_written_to_a_history(returned: object) -> None:
    assert msgspec.json.encode(read_outcome(returned))


def test_the_words_of_an_exception_can_be_written_too() -> None:
    assert raised(half_a_pair).startswith("the saga raised ValueError: \\ud800")


@pytest.mark.parametrize(
    "detail", [2**80, {(1, 2): 3}, float("nan"), {1, 2}, b"\xff", {"a": {2**70: object()}}]
)
def test_what_json_does_not_know_can_be_written_too(detail: object) -> None:
    assert msgspec.json.encode(read_outcome({"status": "completed", "detail": detail}))
