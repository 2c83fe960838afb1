"""Adds up the digests of one scenario in one world."""

from __future__ import annotations

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
from harness.search.digest import Digest, Job
from harness.search.guided import TURNS_BACK


@dataclass(slots=True)
class InvariantTally:
    """Of one invariant. `smallest`: the violating run with the fewest faults, the earliest of them."""

    runs: int = 0
    violations: int = 0
    smallest: Digest | None = None
    crash: Digest | None = None

    def add(self, digest: Digest, verdict: Verdict) -> None:
        """Count one run's verdict."""
        if verdict is Verdict.NOT_EXERCISED:
            return
        self.runs += 1
        if verdict is Verdict.UNKNOWN:
            self.crash = self.crash or digest
        elif verdict is Verdict.VIOLATED:
            self.violations += 1
            if self.smallest is None or size_of_run(digest) < size_of_run(self.smallest):
                self.smallest = digest

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
    digest: Digest
    doubtful: bool = False

    @property
    def alone(self) -> bool:
        """Whether the fault of the claim is all that there is."""
        return len(self.digest.plan.faults) == 1

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Lower is better evidence."""
        return self.doubtful, *size_of(self.digest.plan)


@dataclass(slots=True)
class ClaimTally:
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
class Tally:
    """Everything that is counted. `irreversible`: faults that are of *irreversible_step* too.

    kinds: what the faults of the plans mean. broken_by: for each violating run the claims that its faults
    are of. fired_counts: kind, operation, variant and count of what fired, and of what would have made an
    equal run. followed_by_nothing: what strikes the next call, and had none to strike.
    missed: single faults that were planned and did not fire, by kind, operation and variant.
    refused_once: runs of the scenario's inputs whose only fault was one refusal.
    unconfirmed: the reasons why faults of a kind, at an operation, by a toxic, did not fire.
    void: runs that were not judged for it.
    """

    irreversible: Irreversible = frozenset()
    invariants: dict[str, InvariantTally] = field(
        default_factory=lambda: {id_: InvariantTally() for id_ in INVARIANTS.ours}
    )
    claims: dict[Claim, ClaimTally] = field(default_factory=lambda: {claim: ClaimTally() for claim in Claim})
    broken_by: set[frozenset[Claim]] = field(default_factory=set)
    runs: int = 0
    planned: int = 0
    fired: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    planned_at: Counter[tuple[str, str]] = field(default_factory=Counter)
    fired_at: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Mapping[str, FaultKind] = field(default_factory=lambda: KINDS)
    fired_variants: set[tuple[str, str, str]] = field(default_factory=set)
    missed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refused_once: dict[Job, Digest] = field(default_factory=dict)
    fired_counts: set[tuple[str, str, str, int | Lasting]] = field(default_factory=set)
    followed_by_nothing: set[tuple[str, str, str]] = field(default_factory=set)
    situations: Counter[str] = field(default_factory=Counter)
    compensation_s: list[float] = field(default_factory=list)
    left: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    fault_free: dict[int, Digest] = field(default_factory=dict)
    unfinished: dict[DrawnInput, Digest] = field(default_factory=dict)
    accidents: int = 0
    early_repeats: list[str] = field(default_factory=list)
    unconfirmed: dict[tuple[str, str, str | None, bool], list[str]] = field(default_factory=dict)
    void: int = 0
    _reached: dict[str, None] = field(default_factory=dict)
    _healed: dict[str, None] = field(default_factory=dict)
    _alone: set[tuple[str, str, str, str]] = field(default_factory=set)

    def add(self, digest: Digest) -> None:
        """Count one run."""
        self.runs += 1
        if not digest.plan.faults:
            self._add_fault_free(digest)
        if not digest.violated and _refuses_once(digest):
            self.refused_once.setdefault((digest.input_index, digest.plan), digest)
        for id_, found in digest.found.items():
            self.invariants[id_].add(digest, found.verdict)
        self._add_claims(digest)
        self._add_reached(digest)
        self._add_faults(digest)
        self.situations.update(digest.situations)
        self.compensation_s.extend(digest.compensation_s)
        self.left.update(digest.left)
        self.accidents += digest.accidents
        if digest.early_repeat:
            self.early_repeats.append(digest.early_repeat)
        self.void += digest.void

    @property
    def violated(self) -> tuple[str, ...]:
        """Ids of the violated invariants, in the order of the catalogue."""
        return tuple(id_ for id_, one in self.invariants.items() if one.violations)

    def needed(self) -> tuple[Digest, ...]:
        """The runs whose histories the report shows, or may come to show."""
        smallest = (one.smallest for one in self.invariants.values())
        suspects = (one.digest for about in self.claims.values() for one in about.suspects.values())
        refuting = (about.refuted.digest for about in self.claims.values() if about.refuted is not None)
        found = (*smallest, *suspects, *refuting, *self.fault_free.values())
        return tuple(one for one in found if one is not None)

    def reached(self) -> tuple[str, ...]:
        """Operations that any run called while faults could strike, in that order."""
        return tuple(self._reached)

    def reached_without_faults(self) -> tuple[str, ...]:
        """Those of the fault-free runs."""
        sites = (site.operation for digest in self.fault_free.values() for site, _ in digest.sites)
        return tuple(dict.fromkeys(sites))

    def healed_only(self) -> tuple[str, ...]:
        """Operations that were called, but never while faults could strike."""
        return tuple(name for name in self._healed if name not in self._reached)

    def needs(self, digest: Digest, claim: Claim) -> bool:
        """Whether a fault of the claim is in its plan."""
        return claim in claims_of_plan(digest.plan, self.irreversible)

    def _add_claims(self, digest: Digest) -> None:
        if not digest.violated:
            return
        concerned = claims_of_plan(_struck(digest), self.irreversible)
        self.broken_by.add(concerned)
        for id_ in digest.violated:
            if len(digest.plan.faults) == 1:
                self._alone.add((id_, *_mark(digest.plan.faults[0])))
            for claim in Claim:
                if claim in concerned:
                    doubtful = self._explained(id_, digest.plan, claim)
                    self.claims[claim].suspect(Refutation(id_, digest, doubtful))

    def _explained(self, invariant: str, plan: FaultPlan, claim: Claim) -> bool:
        """Whether a fault of the plan that is not of the claim violates the invariant alone."""
        return any(
            (invariant, *_mark(fault)) in self._alone
            for fault in plan.faults
            if claim not in claims_of(fault, self.irreversible)
        )

    def _add_reached(self, digest: Digest) -> None:
        for site, _ in digest.sites:
            self._reached.setdefault(site.operation)
        for operation in digest.healed:
            self._healed.setdefault(operation)

    def _add_fault_free(self, digest: Digest) -> None:
        drawn = digest.input_index
        if isinstance(drawn, int):
            self.fault_free.setdefault(drawn, digest)
        elif (
            not digest.violated
            and not digest.void
            and any(status != Status.COMPLETED for status in digest.statuses)
        ):
            self.unfinished.setdefault(drawn, digest)

    def _add_faults(self, digest: Digest) -> None:
        for one in digest.unconfirmed:
            fault = digest.plan.faults[one.fault]
            where = (fault.kind, fault.operation, one.toxic, one.void)
            self.unconfirmed.setdefault(where, []).append(one.reason)
        for index, (fault, fired) in enumerate(zip(digest.plan.faults, digest.fired, strict=True)):
            mark = (fault.kind, fault.operation)
            self.planned += 1
            self.planned_at[mark] += 1
            if not fired:
                self._add_missed(digest, fault)
                continue
            self.fired += 1
            self.by_kind[fault.kind] += 1
            self.fired_at[mark] += 1
            self.fired_variants.add((*mark, fault.variant))
            for count in equal_counts(digest, index, self.kinds[fault.kind]):
                self.fired_counts.add((*mark, fault.variant, count))

    def _add_missed(self, digest: Digest, fault: Fault) -> None:
        mark = (fault.kind, fault.operation, fault.variant)
        if nothing_follows(digest, fault):
            self.followed_by_nothing.add(mark)
        if len(digest.plan.faults) == 1:
            self.missed[mark] += 1


def size_of_run(digest: Digest) -> tuple[int, int, int, bytes]:
    """First of its plan, then of its input, where that was drawn."""
    drawn = digest.input_index
    text = drawn.text if isinstance(drawn, DrawnInput) else b""
    return *size_of(digest.plan), len(text), text


def size_of(plan: FaultPlan) -> tuple[int, int]:
    """Fewer faults are smaller, then fewer calls."""
    counted = sum(fault.count if isinstance(fault.count, int) else 99 for fault in plan.faults)
    return len(plan.faults), counted


def _struck(digest: Digest) -> FaultPlan:
    """The faults that fired; all of them where a worker was lost with the run."""
    fired = [fault for fault, strikes in zip(digest.plan.faults, digest.strikes, strict=True) if strikes]
    return FaultPlan(tuple(fired)) if fired or digest.history is not None else digest.plan


def _refuses_once(digest: Digest) -> bool:
    faults = digest.plan.faults
    one = len(faults) == 1 and isinstance(digest.input_index, int)
    return one and faults[0].kind == TURNS_BACK and faults[0].count == 1


def _mark(fault: Fault) -> tuple[str, str, str]:
    return fault.kind, fault.operation, fault.variant
