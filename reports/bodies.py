"""What was sent and answered, in a line each: for a timeline, where it is short enough to help.

Refuses what says nothing new: the saga's own id, and an answer that is an id and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from harness.bus.types import DELIVER
from harness.history import Call, History
from harness.saga import Json

LONGEST = 100
"""Characters of a body."""


def said_of(call: Call, history: History) -> tuple[str, ...]:
    """A line for the request and one for its answer; longer bodies are in the history and on the page."""
    return tuple(_said(call, history))


def _said(call: Call, history: History) -> Iterator[str]:
    contents = history.contents.get(call.sent.call)
    if contents is None:
        return
    sent = _short(_without(contents.request.body, call.saga_id))
    if sent:
        yield f"sent {sent}"
    answer = None if call.sent.method == DELIVER else contents.answer  # why one was refused stands beside it
    if answer is None or answer.status is None or _is_an_id(answer.body, answer.status):
        return
    got = _short(answer.body)
    if got:
        seen = "" if call.answered is not None else ", unseen by its caller"
        yield f"answered {answer.status}{seen} {got}"


def _short(body: Json) -> str:
    """Empty where there is nothing to tell, or too much."""
    text = body if isinstance(body, str) else msgspec.json.encode(body).decode() if body else ""
    return text if len(text) <= LONGEST and text.isprintable() else ""


def _without(body: Json, saga_id: str) -> Json:
    if not isinstance(body, Mapping):
        return body
    return {name: value for name, value in body.items() if value != saga_id}


def _is_an_id(body: Json, status: int) -> bool:
    return status < 400 and isinstance(body, Mapping) and len(body) < 2
