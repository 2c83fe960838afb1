"""Adds up the run summaries of one scenario in one world."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.campaign.claims import Irreversible, claims_of, claims_of_plan
from harness.faults import KINDS
from harness.inputs import DrawnInput
from harness.invariants import INVARIANTS, Verdict
from harness.plan import Fault, FaultKind, FaultPlan, Lasting
from harness.saga import Claim, Status
from harness.search.counts import equal_counts, nothing_follows
from harness.search.guided import ABORTS
from harness.search.run_summary import Job, RunSummary

_STEP = re.compile(r"\bstep ([^\s,;]+)")


@dataclass(slots=True)
class InvariantAggregate:
    """Of one invariant. `smallest`: the violating run with the fewest faults, the earliest of them.

    apart: steps at services of the user's, each of which may have a mistake of its own. at: for each of them
    that a finding named, the smallest run of these.
    """

    id: str = ""
    apart: frozenset[str] = frozenset()
    at: dict[str, RunSummary] = field(default_factory=dict)
    runs: int = 0
    violations: int = 0
    smallest: RunSummary | None = None
    crash: RunSummary | None = None

    def add(self, run_summary: RunSummary, verdict: Verdict) -> None:
        """Count one run's verdict."""
        if verdict is Verdict.NOT_EXERCISED:
            return
        self.runs += 1
        if verdict is Verdict.UNKNOWN:
            self.crash = self.crash or run_summary
        elif verdict is Verdict.VIOLATED:
            self.violations += 1
            if self.smallest is None or size_of_run(run_summary) < size_of_run(self.smallest):
                self.smallest = run_summary
            step = self.step_of(run_summary)
            if step and (step not in self.at or size_of_run(run_summary) < size_of_run(self.at[step])):
                self.at[step] = run_summary

    @property
    def elsewhere(self) -> dict[str, RunSummary]:
        """At which other steps it was violated, as far as these are told apart."""
        shown = "" if self.smallest is None else self.step_of(self.smallest)
        return {step: one for step, one in self.at.items() if step != shown}

    def step_of(self, run_summary: RunSummary) -> str:
        """The step at a service of the user's that the finding names first; empty where it names none."""
        named = _STEP.findall(run_summary.found[self.id].message) if self.apart else []
        return next((step for step in named if step in self.apart), "")

    @property
    def verdict(self) -> Verdict:
        """The worst that was seen."""
        if self.violations:
            return Verdict.VIOLATED
        if self.crash is not None:
            return Verdict.UNKNOWN
        return Verdict.HELD if self.runs else Verdict.NOT_EXERCISED


@dataclass(frozen=True, slots=True)
class Refutation:
    """A run that violates an invariant, with a fault of a claim in its plan.

    doubtful: another fault of the plan is known to violate it alone.
    """

    invariant: str
    run_summary: RunSummary
    doubtful: bool = False

    @property
    def alone(self) -> bool:
        """Whether the fault of the claim is all that there is."""
        plan = self.run_summary.plan
        return len(plan.faults) == 1 == plan.sagas

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Lower is better evidence."""
        return self.doubtful, *size_of(self.run_summary.plan)


@dataclass(slots=True)
class ClaimAggregate:
    """Of one claim. `suspects`: for each invariant the smallest violating run that holds a fault of it.

    refuted: the smallest run that violates something and needs a fault of the claim, once shrunk.
    """

    suspects: dict[str, Refutation] = field(default_factory=dict)
    refuted: Refutation | None = None

    def suspect(self, one: Refutation) -> None:
        """Keep it where it is the best so far."""
        known = self.suspects.get(one.invariant)
        if known is None or one.rank < known.rank:
            self.suspects[one.invariant] = one


@dataclass(slots=True)
class Aggregate:
    """Everything that is counted. `irreversible`: faults that are of *irreversible_step* too.

    kinds: what the faults of the plans mean. broken_by: for each violating run the claims that its faults
    are of. fired_alone: kind, operation and variant of what fired as the only fault of a run of one saga.
    fired_counts: kind, operation, variant and count of what fired, and of what would have made an
    equal run. followed_by_nothing: what strikes the next call, and had none to strike.
    missed: single faults that were planned and did not fire, by kind, operation and variant.
    refused_once: runs of the scenario's inputs whose only fault was one refusal.
    unconfirmed: the reasons why faults of a kind, at an operation, by a toxic, did not fire.
    void: runs that were not judged for it.
    """

    irreversible: Irreversible = frozenset()
    invariants: dict[str, InvariantAggregate] = field(
        default_factory=lambda: {id_: InvariantAggregate(id_) for id_ in INVARIANTS.ours}
    )
    claims: dict[Claim, ClaimAggregate] = field(
        default_factory=lambda: {claim: ClaimAggregate() for claim in Claim}
    )
    broken_by: set[frozenset[Claim]] = field(default_factory=set)
    runs: int = 0
    planned: int = 0
    fired: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    planned_at: Counter[tuple[str, str]] = field(default_factory=Counter)
    fired_at: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Mapping[str, FaultKind] = field(default_factory=lambda: KINDS)
    fired_variants: set[tuple[str, str, str]] = field(default_factory=set)
    fired_alone: set[tuple[str, str, str]] = field(default_factory=set)
    missed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refused_once: dict[Job, RunSummary] = field(default_factory=dict)
    fired_counts: set[tuple[str, str, str, int | Lasting]] = field(default_factory=set)
    followed_by_nothing: set[tuple[str, str, str]] = field(default_factory=set)
    situations: Counter[str] = field(default_factory=Counter)
    compensation_s: list[float] = field(default_factory=list)
    left: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    fault_free: dict[int, RunSummary] = field(default_factory=dict)
    unfinished: dict[DrawnInput, RunSummary] = field(default_factory=dict)
    collateral: int = 0
    early_repeats: list[str] = field(default_factory=list)
    lapsed: list[str] = field(default_factory=list)
    unconfirmed: dict[tuple[str, str, str | None, bool], list[str]] = field(default_factory=dict)
    void: int = 0
    _reached: dict[str, None] = field(default_factory=dict)
    _healed: dict[str, None] = field(default_factory=dict)
    _alone: set[tuple[str, str, str, str]] = field(default_factory=set)

    def add(self, run_summary: RunSummary) -> None:
        """Count one run."""
        self.runs += 1
        if run_summary.plan.empty:
            self._add_fault_free(run_summary)
        if not run_summary.violated and _refuses_once(run_summary):
            self.refused_once.setdefault((run_summary.input_index, run_summary.plan), run_summary)
        for id_, found in run_summary.found.items():
            self.invariants.setdefault(id_, InvariantAggregate(id_)).add(run_summary, found.verdict)
        self._add_claims(run_summary)
        self._add_reached(run_summary)
        self._add_faults(run_summary)
        self.situations.update(run_summary.situations)
        self.compensation_s.extend(run_summary.compensation_s)
        self.left.update(run_summary.left)
        self.collateral += run_summary.collateral
        if run_summary.early_repeat:
            self.early_repeats.append(run_summary.early_repeat)
        if run_summary.lapsed:
            self.lapsed.append(run_summary.lapsed)
        self.void += run_summary.void

    @property
    def violated(self) -> tuple[str, ...]:
        """Ids of the violated invariants, in the order of the catalogue."""
        return tuple(id_ for id_, one in self.invariants.items() if one.violations)

    def needed(self) -> tuple[RunSummary, ...]:
        """The runs whose histories the report shows, or may come to show."""
        smallest = (one.smallest for one in self.invariants.values())
        elsewhere = (run for one in self.invariants.values() for run in one.elsewhere.values())
        suspects = (one.run_summary for about in self.claims.values() for one in about.suspects.values())
        refuting = (about.refuted.run_summary for about in self.claims.values() if about.refuted is not None)
        found = (*smallest, *elsewhere, *suspects, *refuting, *self.fault_free.values())
        return tuple(one for one in found if one is not None)

    def reached(self) -> tuple[str, ...]:
        """Operations that any run called while faults could strike, in that order."""
        return tuple(self._reached)

    def reached_without_faults(self) -> tuple[str, ...]:
        """Those of the fault-free runs."""
        sites = (site.operation for run_summary in self.fault_free.values() for site, _ in run_summary.sites)
        return tuple(dict.fromkeys(sites))

    def healed_only(self) -> tuple[str, ...]:
        """Operations that were called, but never while faults could strike."""
        return tuple(name for name in self._healed if name not in self._reached)

    def needs(self, run_summary: RunSummary, claim: Claim) -> bool:
        """Whether a fault of the claim is in its plan."""
        return claim in claims_of_plan(run_summary.plan, self.irreversible)

    def _add_claims(self, run_summary: RunSummary) -> None:
        if not run_summary.violated:
            return
        concerned = claims_of_plan(_struck(run_summary), self.irreversible)
        self.broken_by.add(concerned)
        for id_ in run_summary.violated:
            if len(run_summary.plan.faults) == 1 == run_summary.plan.sagas:
                self._alone.add((id_, *_mark(run_summary.plan.faults[0])))
            for claim in Claim:
                if claim in concerned:
                    doubtful = self._explained(id_, run_summary.plan, claim)
                    self.claims[claim].suspect(Refutation(id_, run_summary, doubtful))

    def _explained(self, invariant: str, plan: FaultPlan, claim: Claim) -> bool:
        """Whether a fault of the plan that is not of the claim violates the invariant alone."""
        return any(
            (invariant, *_mark(fault)) in self._alone
            for fault in plan.faults
            if claim not in claims_of(fault, self.irreversible)
        )

    def _add_reached(self, run_summary: RunSummary) -> None:
        for site, _ in run_summary.sites:
            self._reached.setdefault(site.operation)
        for operation in run_summary.healed:
            self._healed.setdefault(operation)

    def _add_fault_free(self, run_summary: RunSummary) -> None:
        drawn = run_summary.input_index
        if isinstance(drawn, int):
            self.fault_free.setdefault(drawn, run_summary)
        elif (
            not run_summary.violated
            and not run_summary.void
            and any(status != Status.COMPLETED for status in run_summary.statuses)
        ):
            self.unfinished.setdefault(drawn, run_summary)

    def _add_faults(self, run_summary: RunSummary) -> None:
        for one in run_summary.unconfirmed:
            fault = run_summary.plan.faults[one.fault]
            where = (fault.kind, fault.operation, one.toxic, one.void)
            self.unconfirmed.setdefault(where, []).append(one.reason)
        for index, (fault, fired) in enumerate(zip(run_summary.plan.faults, run_summary.fired, strict=True)):
            mark = (fault.kind, fault.operation)
            self.planned += 1
            self.planned_at[mark] += 1
            if not fired:
                self._add_missed(run_summary, fault)
                continue
            self.fired += 1
            self.by_kind[fault.kind] += 1
            self.fired_at[mark] += 1
            self.fired_variants.add((*mark, fault.variant))
            if len(run_summary.plan.faults) == 1 == run_summary.plan.sagas:
                self.fired_alone.add((*mark, fault.variant))
            for count in equal_counts(run_summary, index, self.kinds[fault.kind]):
                self.fired_counts.add((*mark, fault.variant, count))

    def _add_missed(self, run_summary: RunSummary, fault: Fault) -> None:
        mark = (fault.kind, fault.operation, fault.variant)
        if nothing_follows(run_summary, fault):
            self.followed_by_nothing.add(mark)
        if len(run_summary.plan.faults) == 1 == run_summary.plan.sagas:
            self.missed[mark] += 1


def size_of_run(run_summary: RunSummary) -> tuple[int, int, int, bytes]:
    """First of its plan, then of its input, where that was drawn."""
    drawn = run_summary.input_index
    text = drawn.text if isinstance(drawn, DrawnInput) else b""
    return *size_of(run_summary.plan), len(text), text


def size_of(plan: FaultPlan) -> tuple[int, int]:
    """Fewer faults, preemptions and sagas are smaller, then fewer calls, and sagas with one input for all."""
    counted = sum(fault.count if isinstance(fault.count, int) else 99 for fault in plan.faults)
    held = sum((one.until is not None) + one.together for one in plan.preemptions)
    return plan.weight, counted + held + bool(plan.other_inputs)


def _struck(run_summary: RunSummary) -> FaultPlan:
    """The faults that fired; all of them where a worker was lost with the run."""
    fired = [
        fault for fault, strikes in zip(run_summary.plan.faults, run_summary.strikes, strict=True) if strikes
    ]
    if fired or run_summary.history is not None:
        return run_summary.plan.with_faults(tuple(fired))
    return run_summary.plan


def _refuses_once(run_summary: RunSummary) -> bool:
    faults = run_summary.plan.faults
    one = len(faults) == 1 == run_summary.plan.sagas and isinstance(run_summary.input_index, int)
    return one and faults[0].kind == ABORTS and faults[0].count == 1


def _mark(fault: Fault) -> tuple[str, str, str]:
    return fault.kind, fault.operation, fault.variant
