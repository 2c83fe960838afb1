"""Whether a fault of a process was carried out: all that it means has to have happened.

It is recorded as fired at the moment of the signal. Owns taking that back where what had to follow did
not: nobody resumed, a second executor that never ran beside the first, a frozen one that never woke, a
start that never came, a node without a host name of its own. Pure, and the same for both worlds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from harness.faults.judge import taken_back
from harness.history import (
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    FaultFired,
    History,
)
from harness.history.events import AnyEvent
from harness.process_faults import ProcessFault

FAKED = (
    "found the variable HOSTNAME changed and the host name not, expected a host name of its own: this "
    "machine lets no process have one (unshare --uts)"
)

_Events = Sequence[tuple[int, AnyEvent]]


def carried_out(history: History, *, own_hosts: bool = True) -> History:
    """The history, with faults that were half done recorded as unconfirmed; indexes stay as they are.

    own_hosts: whether an executor on another node has a host name of its own.
    """
    struck = history.of(ExecutorStruck)
    if not struck:
        return history
    events = list(history.events)
    told = _Told(events)
    for index, one in struck:
        fired = _fired(events, index, one)
        reason = _missing(told, index, one, own_hosts=own_hosts)
        if fired is not None and reason is not None:
            at, event = fired
            events[at] = taken_back(event, reason)
    return history.with_events(tuple(events))


class _Told:
    """The events of each saga, and the node of each executor: walked once, asked for every fault."""

    def __init__(self, events: Sequence[AnyEvent]) -> None:
        self._indexes: dict[str, list[int]] = defaultdict(list)
        self._of: dict[str, list[tuple[int, AnyEvent]]] = defaultdict(list)
        self._nodes: dict[int, int] = {}
        for index, event in enumerate(events):
            saga_id = getattr(event, "saga_id", None)
            if saga_id is not None:
                self._indexes[saga_id].append(index)
                self._of[saga_id].append((index, event))
            if isinstance(event, ExecutorBegan):
                self._nodes.setdefault(event.executor, event.node)

    def after(self, at: int, saga_id: str) -> _Events:
        """The events of a saga after an index."""
        return self._of[saga_id][bisect_right(self._indexes[saga_id], at) :]

    def node(self, executor: int) -> int:
        return self._nodes.get(executor, 1)


def _fired(events: Sequence[AnyEvent], at: int, struck: ExecutorStruck) -> tuple[int, FaultFired] | None:
    """The first for its call after it; the fault injector records it at once."""
    for index in range(at + 1, len(events)):
        event = events[index]
        if isinstance(event, FaultFired) and event.call == struck.call and event.fault is not None:
            return index, event
    return None


def _missing(told: _Told, at: int, struck: ExecutorStruck, *, own_hosts: bool) -> str | None:
    """What had to follow and did not."""
    if struck.process_fault is ProcessFault.MOVE and not own_hosts:
        return FAKED
    check = _CHECKS.get(struck.process_fault)
    if check is None:
        return None
    return check(struck, told.after(at, struck.saga_id), told.node(struck.executor))


def _began(after: _Events, *, resumed: bool) -> Iterator[tuple[int, ExecutorBegan]]:
    return ((index, one) for index, one in after if isinstance(one, ExecutorBegan) and one.resumed is resumed)


def _resumed(struck: ExecutorStruck, after: _Events, node: int) -> str | None:
    del struck, node
    return None if any(_began(after, resumed=True)) else "found nobody who resumed it, expected an executor"


def _moved(struck: ExecutorStruck, after: _Events, node: int) -> str | None:
    del struck
    elsewhere = any(one.node > node for _, one in _began(after, resumed=True))
    return None if elsewhere else "found nobody on another node, expected an executor there"


def _raced(struck: ExecutorStruck, after: _Events, node: int) -> str | None:
    del struck, node
    two = list(islice(_began(after, resumed=True), 2))
    if len(two) < 2:
        return f"found {len(two)} who resumed it, expected two at once"
    (_, first), (second_at, _) = two
    over = (index for index, one in after if _ends(one, first.executor))
    if next(over, second_at) < second_at:
        return "found the second to begin once the first was over, expected two at once"
    return None


def _paused(struck: ExecutorStruck, after: _Events, node: int) -> str | None:
    del node
    woken = [
        index for index, one in after if isinstance(one, ExecutorWoken) and one.executor == struck.executor
    ]
    if not woken:
        return "found it frozen to the end, expected it to wake"
    meanwhile = any(index < woken[0] for index, _ in _began(after, resumed=True))
    return None if meanwhile else "found nobody who resumed it while it was frozen, expected an executor"


def _started(struck: ExecutorStruck, after: _Events, node: int) -> str | None:
    del struck, node
    return None if any(_began(after, resumed=False)) else "found no second start, expected one"


def _ends(event: AnyEvent, executor: int) -> bool:
    if isinstance(event, ExecutorStruck):
        return event.executor == executor and event.process_fault.kills
    return isinstance(event, ExecutorEnded) and event.executor == executor


_CHECKS: dict[ProcessFault, Callable[[ExecutorStruck, _Events, int], str | None]] = {
    ProcessFault.CRASH: _resumed,
    ProcessFault.MOVE: _moved,
    ProcessFault.RACE: _raced,
    ProcessFault.FREEZE: _paused,
    ProcessFault.START_AGAIN: _started,
}
"""Cancelling has no entry: what follows is the saga's own affair."""
