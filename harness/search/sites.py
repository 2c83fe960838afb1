"""Where in a run a fault could have struck, and after which calls none was left to strike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sized

from harness.history import CallSent, FaultFired, History, Phase, PhaseBegan
from harness.plan import FaultPlan, Site


def sites_of(history: History, faults: int) -> tuple[tuple[tuple[Site, int], ...], tuple[int, ...]]:
    """The sites, and where among them each fault first struck. Once all heals, nothing can strike.

    A participant that was taken away struck later calls than the one that its receipt names.
    """
    fired = [event for _, event in history.of(FaultFired)]
    struck = {event.call: event.fault for event in fired if event.participant is None}
    away = {event.call: event.fault for event in fired if event.participant is not None}
    sites: list[tuple[Site, int]] = []
    first: dict[int, int] = {}
    several = _SitesOfSeveral(history)
    _mark(first, away.get(0), sites)
    for event in _while_faults_strike(history, fired):
        if isinstance(event, FaultFired):
            _mark(first, event.fault, sites)
        else:
            if event.call not in struck and event.operation is not None:
                sites.append((several.site(event), max(first, default=-1)))
            _mark(first, struck.get(event.call), sites)
            _mark(first, away.get(event.call), sites)
    return tuple(sites), tuple(first.get(index, len(sites)) for index in range(faults))


def unfollowed(history: History, plan: FaultPlan, counts: Mapping[int | None, int]) -> tuple[int, ...]:
    """What begins with the end of a call strikes none that was sent before that, be it still under way."""
    idle = [(index, fault) for index, fault in enumerate(plan.faults) if not counts[index]]
    heals = _heals(history) if idle else 0
    sent = [(call.sent.participant, call.index) for call in history.calls if not call.faults]
    found = []
    for index, fault in idle:
        here = (call.end for call in history.calls if call.site == (fault.operation, fault.nth))
        end = next(here, None)
        participant = fault.operation.partition(".")[0]
        if end is not None and not any(one == participant and end < at < heals for one, at in sent):
            found.append(index)
    return tuple(found)


class _SitesOfSeveral:
    """In a run of several sagas a site names the one that sent the call, and counts its calls alone."""

    def __init__(self, history: History) -> None:
        ids = history.began.saga_ids
        self._numbers = {id_: number for number, id_ in enumerate(ids, 1)} if len(ids) > 1 else {}
        counts: Counter[tuple[str, str | None]] = Counter()
        self._nth: dict[int, int] = {}
        for _, event in history.of(CallSent) if self._numbers else ():
            counts[event.saga_id, event.operation] += 1
            self._nth[event.call] = counts[event.saga_id, event.operation]

    def site(self, event: CallSent) -> Site:
        """Of a call."""
        assert event.operation is not None
        saga = self._numbers.get(event.saga_id)
        nth = event.nth if saga is None else self._nth[event.call]
        return Site(operation=event.operation, nth=nth, saga=saga)


def _while_faults_strike(history: History, fired: Iterable[FaultFired]) -> Iterator[CallSent | FaultFired]:
    """The calls, and the faults that struck when there was no call to strike, until all heals."""
    heals = _heals(history)
    found: list[tuple[int, CallSent | FaultFired]] = [*history.of(CallSent)]
    if not all(one.call for one in fired):
        found += [(index, one) for index, one in history.of(FaultFired) if not one.call]
        found.sort(key=lambda pair: pair[0])
    return (one for index, one in found if index < heals)


def _heals(history: History) -> int:
    """The index at which all heals."""
    phases = history.of(PhaseBegan)
    return next((index for index, one in phases if one.phase is Phase.SETTLING), len(history.events))


def _mark(first: dict[int, int], fault: int | None, sites: Sized) -> None:
    if fault is not None:
        first.setdefault(fault, len(sites))
