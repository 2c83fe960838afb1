"""What went wrong first in a run without faults: where its owner has to look.

Refuses to judge: a saga may be right all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.history import Answer, Call
from harness.views.view import View

LONGEST = 200
"""At most so many characters of the saga's own message."""


def first_trouble(view: View) -> str:
    """A clause; empty where nothing went wrong that can be seen."""
    return next(_troubles(view), "")


def _troubles(view: View) -> Iterator[str]:
    for call in view.history.calls:
        if call.sent.operation is None:
            yield f"{_request(call)} is no route that is declared"
    for call in view.history.calls:
        if call.saga_id not in view.history.began.saga_ids:
            yield (
                f"{_request(call)} names the saga {call.saga_id!r}, which is none of this run "
                "([saga.correlation] says where calls name it)"
            )
    for saga in view.sagas:
        detail = saga.ended.detail if saga.ended is not None else None
        error = detail.get("error") if isinstance(detail, Mapping) else None
        if error:
            yield f"the saga says {str(error)[:LONGEST]!r}"
    for call in view.history.calls:
        if call.answer is not Answer.ACKNOWLEDGED:
            came = f"was answered {call.answered.status}" if call.answered is not None else "was not answered"
            yield f"{_request(call)} {came}"


def _request(call: Call) -> str:
    return f"{call.sent.method} {call.sent.path} at {call.sent.participant}"
