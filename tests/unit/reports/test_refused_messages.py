"""A delivery that its handler refused says why, as far as that is known."""

from __future__ import annotations

import pytest

from harness.bus.types import DELIVER
from harness.history import CallAnswered, CallSent, History, RunBegan
from harness.history.contents import Contents, Message
from reports.rows import rows

WHY = "the handler raised RuntimeError: hold failed (sagas.py:7)"


def told(body: object, status: int = 500, method: str = DELIVER) -> tuple[str, ...]:
    """Notes beside the only call of a run."""
    events = (
        RunBegan(t_s=0.0, scenario="s", world="sim", saga_ids=("saga-1",), input={}),
        CallSent(
            t_s=0.0,
            call=1,
            executor=1,
            saga_id="saga-1",
            participant="events",
            operation="events.Placed.deliver",
            nth=1,
            method=method,
            path="/Placed",
            steps=(),
            direction=None,
            key=None,
        ),
        CallAnswered(t_s=0.1, call=1, status=status),
    )
    request, answer = Message(headers={}), Message(status=status, headers={}, body=body)  # type: ignore[arg-type]
    kept = Contents(call=1, request=request, answer=answer)
    (row,) = rows(History(events, told=(kept,)))
    return row.notes


def test_what_its_handler_raised() -> None:
    assert told({"error": WHY}) == ("RuntimeError: hold failed (sagas.py:7)",)


def test_what_a_service_answered_and_no_more_than_fits() -> None:
    assert told({"error": "503: " + "x" * 100}) == ("503: " + "x" * 64 + "…",)


@pytest.mark.parametrize("body", [None, "no JSON", {"error": 7}, {"other": "x"}])
def test_nothing_where_nothing_is_known(body: object) -> None:
    assert told(body) == ()


def test_nothing_of_what_was_acknowledged_or_is_no_delivery() -> None:
    assert told({"error": WHY}, status=200) == ()
    assert told({"error": WHY}, method="POST") == ()
