"""How long a saga was silent between a reply and its next request."""

from __future__ import annotations

from collections.abc import Mapping

from harness.history.events import CallAnswered, CallSent, ExecutorBegan
from harness.history.history import History


def pauses_of(history: History) -> Mapping[int, float]:
    """Seconds from the reply to a call to its executor's next request, where no other reply came between."""
    senders: dict[int, int] = {}
    replies: dict[int, CallAnswered] = {}
    found: dict[int, float] = {}
    for event in history.events:
        if isinstance(event, ExecutorBegan):
            replies.pop(event.executor, None)
        elif isinstance(event, CallAnswered):
            replies[senders[event.call]] = event
        elif isinstance(event, CallSent):
            senders[event.call] = event.executor
            reply = replies.pop(event.executor, None)
            if reply is not None:
                found[reply.call] = event.t_s - reply.t_s
    return found
