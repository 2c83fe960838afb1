"""One call, tried until it is answered for good: what each reply means, and when to try again."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from scenarios.orchestrator.commands import Answered, Command, Reply, Send, Sleep
from scenarios.orchestrator.policy import RetryPolicy

T = TypeVar("T")
Steps = Generator[Command, Reply | None, T]


class Reading(StrEnum):
    """What one reply means."""

    DONE = "done"
    REFUSED = "refused"  # for good
    UNTOUCHED = "untouched"  # surely not applied, and worth another try
    DOUBTFUL = "doubtful"  # perhaps applied, and worth another try


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The result of all attempts of one call. `in_doubt`: not done, and perhaps applied all the same."""

    done: bool
    content: object = None
    status: int = 0
    in_doubt: bool = False
    error: str = ""


def deliver(
    send: Send, read: Callable[[Reply], Reading], policy: RetryPolicy, *, in_doubt: bool = False
) -> Steps[Delivery]:
    """Try until done, refused or out of attempts. `in_doubt`: it was sent before, in another life."""
    error = ""
    for attempt in range(1, policy.max_attempts + 1):
        reply = yield from _exchange(send)
        reading = read(reply)
        if reading is Reading.DONE:
            assert isinstance(reply, Answered), "only an answer tells that something is done"
            return Delivery(done=True, content=reply.content, status=reply.status)
        error = error or reply.error
        in_doubt = in_doubt or reading is Reading.DOUBTFUL
        wait_s = None if reading is Reading.REFUSED else policy.wait_s(attempt, reply.retry_after_s)
        if wait_s is None:
            break
        yield Sleep(seconds=wait_s)
    return Delivery(done=False, in_doubt=in_doubt, error=error)


def read_action(reply: Reply) -> Reading:
    """Done means that we know what was made. A 202 or an unreadable 2xx tells too little."""
    if not isinstance(reply, Answered):
        return Reading.DOUBTFUL if reply.sent else Reading.UNTOUCHED
    if 200 <= reply.status < 300 and reply.status != 202 and resource_id(reply.content) is not None:
        return Reading.DONE
    if reply.status == 429:
        return Reading.UNTOUCHED
    refused = 400 <= reply.status < 500 and reply.status != 408
    return Reading.REFUSED if refused else Reading.DOUBTFUL


def read_undo(reply: Reply) -> Reading:
    """404 and 410 mean done; a 202 asks to be sent again.

    Even a refusal is worth another try: there is nothing else that one could do.
    """
    if not isinstance(reply, Answered):
        return Reading.DOUBTFUL if reply.sent else Reading.UNTOUCHED
    done = 200 <= reply.status < 300 and reply.status != 202 and reply.readable
    return Reading.DONE if done or reply.status in (404, 410) else Reading.DOUBTFUL


def read_query(reply: Reply) -> Reading:
    """Only a readable 200 tells anything."""
    told = isinstance(reply, Answered) and reply.status == 200 and reply.readable
    return Reading.DONE if told else Reading.DOUBTFUL


def read_look(reply: Reply) -> Reading:
    """There, or gone; both tell."""
    gone = isinstance(reply, Answered) and reply.status in (404, 410)
    return Reading.DONE if gone else read_query(reply)


def resource_id(content: object) -> str | None:
    """The id in a reply to a create."""
    found = content.get("id") if isinstance(content, dict) else None
    return found if isinstance(found, str) and found else None


def first_listed(content: object) -> str | None:
    """The id of the first item in a reply to a query."""
    items = content.get("items") if isinstance(content, dict) else None
    return resource_id(items[0]) if isinstance(items, list) and items else None


def _exchange(send: Send) -> Steps[Reply]:
    reply = yield send
    assert reply is not None, "a driver answers every Send with a Reply"
    return reply
