"""Where a run was between two calls, and at which moments there a process fault can strike another run.

In sim those are the changes of the store. The last one is left out: what lies in the store then is what
lies there as the next request leaves, or as the executor ends, and a crash there is a crash at the
boundary of a call. On the wire they are shares of the pause between a reply and the next request.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

import msgspec

from harness.history import (
    CallAnswered,
    CallSent,
    ExecutorEnded,
    ExecutorStruck,
    FaultFired,
    History,
    StoreChanged,
    pauses_of,
)
from harness.history.events import AnyEvent
from harness.plan import Site
from harness.plan.moments import LEAST_PAUSE_S, PERCENTS, Moment

BY_PAUSE = tuple(Moment(percent=percent).variant for percent in PERCENTS)
"""The moments of the wire."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Between two calls of an executor.

    site: the call that came before, or that comes first of all of an executor.
    variants: of a fault kind that can strike between calls, at that site.
    last: the index of the last fault that had struck by then (-1: none).
    """

    site: Site
    variants: tuple[str, ...]
    last: int


def gaps_of(history: History) -> tuple[Gap, ...]:
    """In the order in which they were reached, those without any moment to strike left out."""
    sim = history.began.world == "sim"
    if sim and not history.of(StoreChanged):
        return ()
    sites = {
        event.call: Site(operation=event.operation, nth=event.nth)
        for _, event in history.of(CallSent)
        if event.operation is not None
    }
    found = _by_changes(history, sites) if sim else _by_pauses(history, sites)
    return tuple(gap for gap in found if gap.variants)


class _Open(msgspec.Struct):
    """A gap that has not ended. `call`: the one before it; 0 at the start of an executor."""

    call: int
    last: int
    states: list[int]


def _by_changes(history: History, sites: dict[int, Site]) -> Iterator[Gap]:
    gaps: dict[int, _Open] = {}
    last = -1
    for event in history.events:
        if isinstance(event, FaultFired) and event.fault is not None:
            last = max(last, event.fault)
        elif isinstance(event, StoreChanged):
            if event.executor not in gaps or gaps[event.executor].call != event.call:
                gaps[event.executor] = _Open(event.call, last, [])
            gaps[event.executor].states.append(event.state)
        elif isinstance(event, CallSent | ExecutorEnded) or _kills(event):
            gap = gaps.pop(event.executor, None)
            # What an executor that sent nothing would have sent, nobody knows.
            first = event.call if isinstance(event, CallSent) else 0
            if gap is not None and (gap.call or first) in sites:
                yield Gap(site=sites[gap.call or first], variants=_changes(gap), last=gap.last)


def _kills(event: AnyEvent) -> TypeGuard[ExecutorStruck]:
    return isinstance(event, ExecutorStruck) and event.process_fault.kills


def _changes(gap: _Open) -> tuple[str, ...]:
    new = range(1, max(gap.states) + 1)
    return tuple(Moment(change=n, first=not gap.call).variant for n in new if n != gap.states[-1])


def _by_pauses(history: History, sites: dict[int, Site]) -> Iterator[Gap]:
    pauses = pauses_of(history)
    long = {call for call, pause_s in pauses.items() if pause_s >= LEAST_PAUSE_S and call in sites}
    last = -1
    for event in history.events:
        if isinstance(event, FaultFired) and event.fault is not None:
            last = max(last, event.fault)
        elif isinstance(event, CallAnswered) and event.call in long:
            yield Gap(site=sites[event.call], variants=BY_PAUSE, last=last)
