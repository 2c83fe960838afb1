"""What the search and the campaign keep of a run: small, picklable, and enough to sum up."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from harness.advice import early_repeat, left_to_lapse
from harness.compensation import compensation_seconds
from harness.history import (
    CallSent,
    ExecutorEnded,
    FaultFired,
    History,
    Passed,
    Phase,
    PhaseBegan,
    TurnPassed,
)
from harness.history.codec import encode_events, encode_history
from harness.inputs import DrawnInput, InputRef
from harness.invariants import Verdict
from harness.plan import FaultPlan, Site
from harness.runner import Run
from harness.saga import Json, Status
from harness.scenario import Scenario
from harness.search.gaps import Gap, gaps_of
from harness.search.sites import sites_of, unfollowed
from harness.search.trace import traces_of
from harness.situations import seen_situations
from harness.views import View, first_trouble

Job = tuple[InputRef, FaultPlan]
"""The input, and the plan."""


def input_of(scenario: Scenario, ref: InputRef) -> Json:
    """The input that a job or a run summary refers to."""
    return ref.value if isinstance(ref, DrawnInput) else scenario.all_inputs[ref]


class Found(msgspec.Struct, frozen=True):
    """One judgement of a run, less its name."""

    verdict: Verdict
    message: str = ""
    evidence: tuple[int, ...] = ()
    traceback: str = ""


class Unconfirmed(msgspec.Struct, frozen=True):
    """A fault of the plan, by its index, that was set and whose effect was not confirmed."""

    fault: int
    toxic: str | None
    reason: str
    void: bool


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in short.

    input: what the saga was given.
    strikes: how often each fault of the plan struck a call, be it as another kind (a slow reply that
        comes too late is a lost one). as_planned: how often as it was planned: it fired
        (None: each time).
    preempted: of the preemptions of the plan those that took place, counted from 0.
    unconfirmed: faults that were set, and did not fire. void: so the run was not judged.
    sites: call sites that nothing struck and something could have struck, in the order they were reached,
        each with the index of the last fault that had struck by then (-1: none). In a run of several sagas
        each names the one that sent it.
    gaps: between which calls a process fault could strike another run, and at which moments.
    first: for each fault of the plan how many of `sites` came before it first struck.
    unfollowed: faults of the plan that struck nothing, at a call that ended, and after its end nothing was
        sent to that participant that could have been struck.
    healed: operations that were called once all had healed.
    cut_short: whether the run was ended before the saga was, or it still answered running: no further
        faults are added to it.
    trace: equal for runs that are (see `harness.search.trace`).
    reaction: the same, save for headers and bodies of what faults answered; of a run whose newest fault has
        a variant.
    early_repeat: the first one that did not keep a Retry-After, where that is not judged.
    lapsed: what a saga that ended compensated did not undo, and what was over by itself.
    trouble: what went wrong first, of a run without faults.
    history: encoded, where something was violated or unknown.
    fingerprint: equal for runs whose histories are, event for event.
    """

    input_index: InputRef
    plan: FaultPlan
    saga_id: str
    input: Json = None
    found: dict[str, Found]
    strikes: tuple[int, ...]
    as_planned: tuple[int, ...] | None = None
    preempted: tuple[int, ...] = ()
    unconfirmed: tuple[Unconfirmed, ...] = ()
    collateral: int
    kinds: tuple[tuple[str, str], ...]
    sites: tuple[tuple[Site, int], ...]
    gaps: tuple[Gap, ...] = ()
    first: tuple[int, ...] = ()
    unfollowed: tuple[int, ...] = ()
    healed: tuple[str, ...] = ()
    trace: bytes
    reaction: bytes = b""
    situations: tuple[str, ...]
    statuses: tuple[str | None, ...]
    compensation_s: tuple[float, ...] = ()
    left: tuple[tuple[str, str | None], ...] = ()
    early_repeat: str = ""
    lapsed: str = ""
    trouble: str = ""
    cut_short: bool = False
    history: bytes | None = None
    fingerprint: bytes = b""

    @property
    def fired(self) -> tuple[int, ...]:
        """How often each fault of the plan fired."""
        return self.strikes if self.as_planned is None else self.as_planned

    @property
    def void(self) -> bool:
        """Whether it is not known what a caller saw, so that the run says nothing."""
        return any(one.void for one in self.unconfirmed)

    @property
    def violated(self) -> tuple[str, ...]:
        """Ids of the violated invariants."""
        return tuple(id_ for id_, one in self.found.items() if one.verdict is Verdict.VIOLATED)


class JobRunner(Protocol):
    """Runs jobs, in this process or in several; run summaries come in the order of the jobs."""

    def run(self, jobs: Iterable[Job]) -> Iterator[RunSummary]:
        """Run them all; each is asked for only when something is free to run it."""


def summarise_run(run: Run, input_index: InputRef, *, keep_history: bool = False) -> RunSummary:
    """Cut a run down to what is kept."""
    found = {
        one.invariant: Found(one.verdict, one.message, one.evidence, one.traceback) for one in run.judgements
    }
    kept = any(one.verdict in (Verdict.VIOLATED, Verdict.UNKNOWN) for one in run.judgements)
    fired = [event for _, event in run.history.of(FaultFired)]
    counts = Counter(event.fault for event in fired)
    void = run.history.void
    trace, reaction = traces_of(run.history, run.plan)
    sites, first = ((), ()) if void else sites_of(run.history, len(run.plan.faults))
    told = run.hiding.history if kept or keep_history or void else None
    statuses = tuple(saga.status for saga in run.view.sagas)
    return RunSummary(
        input_index=input_index,
        plan=run.plan,
        saga_id=run.saga_id,
        input=run.input,
        found=found,
        strikes=tuple(counts[index] for index in range(len(run.plan.faults))),
        as_planned=as_planned(run.plan, fired),
        preempted=() if run.plan.sagas == 1 else _preempted(run.history),
        unconfirmed=tuple(
            Unconfirmed(one.fault, one.toxic, one.reason, one.void) for one in run.history.unconfirmed()
        ),
        collateral=counts[None],
        kinds=_struck(run.history, fired),
        sites=sites,
        first=first,
        unfollowed=() if void else unfollowed(run.history, run.plan, counts),
        healed=() if void else _healed(run.history),
        gaps=() if void or run.plan.sagas > 1 else gaps_of(run.history),
        trace=trace,
        reaction=reaction,
        situations=() if void else seen_situations(run.view, run.own_situations),
        statuses=statuses,
        early_repeat=early_repeat(run.view),
        lapsed=left_to_lapse(run.view),
        trouble=run.hiding.text(first_trouble(run.view)) if run.plan.empty else "",
        compensation_s=() if void else compensation_seconds(run.history),
        left=() if void else _left(run.view),
        cut_short=_cut_short(run.history) or Status.RUNNING in statuses,
        history=None if told is None else encode_history(told),
        fingerprint=hashlib.blake2b(encode_events(run.history), digest_size=12).digest(),
    )


_MAY_COME_TO = {"slow": ("lose_reply", "lose_request"), "reorder_message": ("delay_message",)}
"""A reply that is slower than its caller waits is lost, and recorded as that (RULES §6): it was held up.

A message that nothing overtook while it was kept back was delayed.
"""


def as_planned(plan: FaultPlan, fired: Iterable[FaultFired]) -> tuple[int, ...]:
    """How often each fault struck as its kind, or as what its kind may turn into."""
    counts = Counter((event.fault, event.kind) for event in fired)
    return tuple(
        sum(counts[index, kind] for kind in (fault.kind, *_MAY_COME_TO.get(fault.kind, ())))
        for index, fault in enumerate(plan.faults)
    )


def _struck(history: History, fired: Iterable[FaultFired]) -> tuple[tuple[str, str], ...]:
    operations = {call.sent.call: call.sent.operation or "" for call in history.calls}
    return tuple((event.kind, operations.get(event.call, "")) for event in fired)


def _preempted(history: History) -> tuple[int, ...]:
    passed = (one for _, one in history.of(TurnPassed) if one.why is Passed.PREEMPTED)
    return tuple(one.preemption for one in passed if one.preemption is not None)


def _cut_short(history: History) -> bool:
    return bool(history.ended_early) or any(end.timed_out for _, end in history.of(ExecutorEnded))


def _healed(history: History) -> tuple[str, ...]:
    phases = history.of(PhaseBegan)
    since = next((index for index, one in phases if one.phase is not Phase.FAULTS), len(history.events))
    late = (one.operation for index, one in history.of(CallSent) if index > since)
    return tuple(dict.fromkeys(operation for operation in late if operation is not None))


def _left(view: View) -> tuple[tuple[str, str | None], ...]:
    stuck = [saga.saga_id for saga in view.sagas if saga.status is Status.STUCK]
    if not stuck:
        return ()
    nobodys = view.ledger.nobodys(view.history.began.saga_ids)
    left = [held for id_ in stuck for held in view.ledger.left(id_)]
    return tuple((held.resource, held.step) for held in (*left, *nobodys))
