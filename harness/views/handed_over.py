"""What was handed over to a saga's handlers more than once: the pace of a choreographed saga is the bus's.

Each hand-over is handled for itself, so that what several of them send is no repeat of the saga's own. Every
question is asked as of an event index: what comes later excuses nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.history import History, MessageDelivered, MessagePublished


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """Of one saga. again: indexes at which an event came to a subscription that had had it before.

    copies: indexes at which the bus had it in one more copy than ever before. A redelivery is none, for its
    message was not acknowledged: how many of those there may be, the bus promises.
    """

    again: Sequence[int] = ()
    copies: Sequence[int] = ()

    def again_before(self, index: int) -> int:
        """How often an event had come again by then."""
        return bisect_left(self.again, index)

    def copies_before(self, index: int) -> int:
        """In how many copies more than one the most repeated event had come by then."""
        return bisect_left(self.copies, index)


NOTHING = HandedOver()


def handed_over(history: History, saga_id: str) -> HandedOver:
    """Read from the messages of a saga; nothing for one that takes none."""
    events = {one.message: one.identity for _, one in history.of(MessagePublished) if one.saga_id == saga_id}
    if not events:
        return NOTHING
    again: list[int] = []
    copies: list[int] = []
    seen: set[tuple[str, tuple[str, str, str]]] = set()
    messages: set[tuple[str, int]] = set()
    several: Counter[tuple[str, tuple[str, str, str]]] = Counter()
    for index, one in history.of(MessageDelivered):
        if one.message not in events:
            continue
        mark = (one.subscription, events[one.message])
        if mark in seen:
            again.append(index)
            several[mark] += bool(one.copy) or (one.subscription, one.message) not in messages
            if several[mark] > len(copies):
                copies.append(index)
        seen.add(mark)
        messages.add((one.subscription, one.message))
    return HandedOver(again=tuple(again), copies=tuple(copies))
