"""What a plan asks of the wire: read once, before its run begins.

Owns which part of the world serves which fault: the fault injector, the participants that are taken away,
connections that are reset, processes that die, pauses that are struck. Everything else of the wire is
told what it needs, and never sees the plan. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.adapter import SagaAdapter
from harness.faults import KINDS
from harness.plan import Fault, FaultPlan
from harness.plan.moments import moment_of
from harness.plan.types import FaultKind
from harness.process_faults import ProcessFault

NEVER = 1 << 30
"""A call number that no call has: the fault injector does not strike what the proxy shows."""

RESETTING = ("reset_before", "reset_after", "participant_crash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Fault `index` of the plan, which takes a whole participant away from callers that nobody sees."""

    index: int
    fault: Fault
    kind: FaultKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WirePlan:
    """plan: as it was given.

    processes: the saga runs outside this process. strikes: an executor is struck, if only by a cancellation.
    kills: a process of it is ended or stopped.
    unseen: nobody sees its calls before they arrive. injected: what the fault injector is to know of the
    plan. absences: what is shown by taking participants away. resetting: participants whose connections
    are to be reset, and not only closed.
    before_moments: the plan without what strikes between two calls; None where nothing of it does.
    """

    plan: FaultPlan
    processes: bool
    strikes: bool
    kills: bool
    unseen: bool
    injected: FaultPlan
    absences: tuple[Absence, ...]
    resetting: frozenset[str]
    before_moments: FaultPlan | None


def read_plan(plan: FaultPlan, saga: SagaAdapter, *, unseen: bool, several: bool = False) -> WirePlan:
    """For a saga. unseen: an earlier run showed that its calls cannot be seen before they arrive.

    several: the run starts more sagas than one; then whoever is struck has a process of its own.
    """
    strikes = any(KINDS[fault.kind].process_fault is not None for fault in plan.faults)
    outside = any(_outside(fault) for fault in plan.faults) or (several and strikes)
    processes = "sim" not in saga.worlds or outside
    unseen = unseen or processes
    timed = any(moment_of(fault.variant) is not None for fault in plan.faults)
    return WirePlan(
        plan=plan,
        processes=processes,
        strikes=strikes,
        kills=any(_kills(fault) for fault in plan.faults),
        unseen=unseen,
        injected=plan.with_faults(tuple(map(_injected, plan.faults))) if unseen else plan,
        absences=_absences(plan) if unseen else (),
        resetting=frozenset(_participant(fault) for fault in plan.faults if fault.kind in RESETTING),
        before_moments=_without_moments(plan) if timed else None,
    )


def _kills(fault: Fault) -> bool:
    """Another start of the same saga leaves alone who runs it."""
    return KINDS[fault.kind].process_fault not in (None, ProcessFault.CANCEL, ProcessFault.START_AGAIN)


def _outside(fault: Fault) -> bool:
    """A cancellation alone needs no process of its own."""
    return KINDS[fault.kind].process_fault not in (None, ProcessFault.CANCEL)


def _injected(fault: Fault) -> Fault:
    kind = KINDS[fault.kind]
    return replace(fault, nth=NEVER) if kind.whole_participant and kind.then is None else fault


def _absences(plan: FaultPlan) -> tuple[Absence, ...]:
    numbered = ((index, fault, KINDS[fault.kind]) for index, fault in enumerate(plan.faults))
    return tuple(
        Absence(index=index, fault=fault, kind=kind)
        for index, fault, kind in numbered
        if kind.whole_participant
    )


def _participant(fault: Fault) -> str:
    return fault.operation.partition(".")[0]


def _without_moments(plan: FaultPlan) -> FaultPlan:
    return plan.with_faults(tuple(fault for fault in plan.faults if moment_of(fault.variant) is None))
