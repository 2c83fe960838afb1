"""How long a fault lasts: which other counts of a plan's faults make another run.

One call is tried first, then for ever, then the counts between. A count that no further call tells from
one that was run makes an equal run and is skipped; the calls of the run say so before it is run. Where a
second fault leads to such a call after all, the first one is tried longer beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from harness.plan import Fault, FaultKind, FaultPlan, Lasting, Site
from harness.plan.moments import moment_of
from harness.search.run_summary import RunSummary

Kinds = Mapping[str, FaultKind]


def other_counts(run_summary: RunSummary, parent: RunSummary, kinds: Kinds) -> Iterator[FaultPlan]:
    """The plan of a run with another count of one fault, where that makes another run.

    parent: the run to which the newest fault was added. What it told apart already is not told again.
    """
    for index, fault in enumerate(run_summary.plan.faults):
        newest = index == len(run_summary.plan.faults) - 1
        for count in _counts(run_summary, None if newest else parent, index, kinds[fault.kind]):
            yield _with_count(run_summary.plan, index, count)


def _counts(
    run_summary: RunSummary, parent: RunSummary | None, index: int, kind: FaultKind
) -> Iterator[int | Lasting]:
    fault, strikes = run_summary.plan.faults[index], run_summary.strikes[index]
    if fault.count is Lasting.FOR_EVER:
        told_apart = 1 if parent is None else max(1, parent.strikes[index])
        yield from (one for one in finite(kind) if told_apart <= one < _met(run_summary, index))
    elif isinstance(fault.count, int) and strikes >= fault.count:
        known = parent is not None and would_strike_more(parent, index, kind)
        if not known and would_strike_more(run_summary, index, kind):
            yield from longer(kind, fault.count)


def _met(run_summary: RunSummary, index: int) -> int:
    """How many calls a fault struck, or kept from others."""
    fault = run_summary.plan.faults[index]
    return run_summary.strikes[index] + sum(_covers(fault, site) for site, _ in run_summary.sites)


def finite(kind: FaultKind) -> tuple[int, ...]:
    """The counts of a kind that are numbers of calls."""
    return tuple(one for one in kind.counts if isinstance(one, int))


def longer(kind: FaultKind, count: int) -> tuple[int | Lasting, ...]:
    """What is tried next: for ever, or else the next number of calls; nothing where there is neither."""
    if Lasting.FOR_EVER in kind.counts:
        return (Lasting.FOR_EVER,)
    return tuple(one for one in finite(kind) if one > count)[:1]


def would_strike_more(run_summary: RunSummary, index: int, kind: FaultKind) -> bool:
    """Whether a fault of a run, had it lasted longer, would have struck a call that nothing struck."""
    fault = run_summary.plan.faults[index]
    moment = moment_of(fault.variant)
    if moment is not None and moment.first:  # of whichever executor begins next
        return any(
            gap.site.operation == fault.operation and fault.variant in gap.variants
            for gap in run_summary.gaps
        )
    return any(_later(fault, run_summary, kind, _first(run_summary, index)))


def equal_counts(run_summary: RunSummary, index: int, kind: FaultKind) -> tuple[int | Lasting, ...]:
    """The counts of a fault that struck for which the run is the same, its own among them."""
    fault, strikes = run_summary.plan.faults[index], run_summary.strikes[index]
    if not strikes:
        return ()
    if isinstance(fault.count, Lasting):
        return (fault.count, *(one for one in finite(kind) if one >= strikes))
    if strikes >= fault.count and would_strike_more(run_summary, index, kind):
        return (fault.count,)
    return (fault.count, *(one for one in kind.counts if not isinstance(one, int) or one >= strikes))


def gone_with_it(plan: FaultPlan) -> FaultPlan:
    """A plan beside which the process is to die: its newest fault ends with that rather than never."""
    if not plan.faults or plan.faults[-1].count is not Lasting.FOR_EVER:
        return plan
    return _with_count(plan, len(plan.faults) - 1, Lasting.UNTIL_RESTART)


def outlasting(run_summary: RunSummary, kinds: Kinds) -> Iterator[FaultPlan]:
    """The plan of a run whose newest fault is a death, with the fault before that for ever.

    Only where a call of the run tells them apart: what nothing met after the restart may as well be gone.
    """
    index = len(run_summary.plan.faults) - 2
    if index < 0:
        return
    fault = run_summary.plan.faults[index]
    kind = kinds[fault.kind]
    if fault.count is Lasting.FOR_EVER or Lasting.FOR_EVER not in kind.counts:
        return
    if would_strike_more(run_summary, index, kind):
        yield _with_count(run_summary.plan, index, Lasting.FOR_EVER)


def nothing_follows(run_summary: RunSummary, fault: Fault) -> bool:
    """Whether a run reached the call of a fault, and sent none to that participant after its end."""
    return run_summary.plan.faults.index(fault) in run_summary.unfollowed


def is_last_there(run_summary: RunSummary, site: Site) -> bool:
    """Whether no call that something could strike follows a site at its participant."""
    participant = site.operation.partition(".")[0]
    sites = [one for one, _ in run_summary.sites]
    return all(one.operation.partition(".")[0] != participant for one in sites[sites.index(site) + 1 :])


def revived(equal: RunSummary, child: RunSummary, kinds: Kinds) -> Iterator[FaultPlan]:
    """Plans of a run that was equal to the child's parent, where the child's newest fault tells them apart.

    A fault of it that had no further call to strike has one now, and would do there what it is.
    """
    newest = child.plan.faults[-1]
    if Site(operation=newest.operation, nth=newest.nth) not in open_sites(equal):
        return
    since = _first(child, len(child.plan.faults) - 1)
    for index, fault in enumerate(equal.plan.faults):
        kind = kinds[fault.kind]
        if any(_later(fault, child, kind, since, struck=equal.strikes[index])):
            for count in (fault.count,) if isinstance(fault.count, Lasting) else longer(kind, fault.count):
                yield _with_count(equal.plan, index, count).with_fault(newest)


def open_sites(run_summary: RunSummary) -> tuple[Site, ...]:
    """Where a further fault may strike: calls after the newest fault of the run first struck.

    A fault that covers a call keeps it from others, though it did nothing there that could be seen.
    """
    newest = len(run_summary.plan.faults) - 1
    return tuple(
        site
        for site, struck in run_summary.sites
        if struck >= newest and not any(_covers(fault, site) for fault in run_summary.plan.faults)
    )


def _covers(fault: Fault, site: Site) -> bool:
    return fault.operation == site.operation and fault.covers(site.nth)


def _later(
    fault: Fault, run_summary: RunSummary, kind: FaultKind, since: int, *, struck: int = 0
) -> Iterator[Site]:
    """Calls of a run that a fault would strike if it lasted; a whole participant is away from `since` on."""
    covered = fault.count if isinstance(fault.count, int) else struck
    participant = fault.operation.partition(".")[0]
    for site, _ in run_summary.sites[since:] if kind.whole_participant else run_summary.sites:
        if kind.whole_participant:
            if site.operation.partition(".")[0] == participant:
                yield site
        elif site.operation == fault.operation and site.nth >= fault.nth + covered:
            yield site


def _first(run_summary: RunSummary, index: int) -> int:
    return run_summary.first[index] if index < len(run_summary.first) else 0


def _with_count(plan: FaultPlan, index: int, count: int | Lasting) -> FaultPlan:
    faults: Sequence[Fault] = plan.faults
    return plan.with_faults((*faults[:index], replace(faults[index], count=count), *faults[index + 1 :]))
