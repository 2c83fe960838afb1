"""Adds up the digests of one scenario in one world."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from harness.invariants import INVARIANTS, Verdict
from harness.plan import FaultPlan
from harness.saga import Status
from harness.search.digest import Digest


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
            if self.smallest is None or _size(digest.plan) < _size(self.smallest.plan):
                self.smallest = digest

    @property
    def verdict(self) -> Verdict:
        """The worst that was seen."""
        if self.violations:
            return Verdict.VIOLATED
        if self.crash is not None:
            return Verdict.UNKNOWN
        return Verdict.HELD if self.runs else Verdict.NOT_EXERCISED


@dataclass(slots=True)
class Tally:
    """Everything that is counted."""

    invariants: dict[str, InvariantTally] = field(
        default_factory=lambda: {id_: InvariantTally() for id_ in INVARIANTS}
    )
    runs: int = 0
    planned: int = 0
    fired: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    planned_at: Counter[tuple[str, str]] = field(default_factory=Counter)
    fired_at: Counter[tuple[str, str]] = field(default_factory=Counter)
    fired_variants: set[tuple[str, str, str]] = field(default_factory=set)
    situations: Counter[str] = field(default_factory=Counter)
    compensation_s: list[float] = field(default_factory=list)
    left: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    fault_free: dict[int, Digest] = field(default_factory=dict)
    accidents: int = 0

    def add(self, digest: Digest) -> None:
        """Count one run."""
        self.runs += 1
        if not digest.plan.faults:
            self.fault_free.setdefault(digest.input_index, digest)
        for id_, found in digest.found.items():
            self.invariants[id_].add(digest, found.verdict)
        self._add_faults(digest)
        self.situations.update(digest.situations)
        self.compensation_s.extend(digest.compensation_s)
        self.left.update(digest.left)
        self.accidents += digest.accidents

    @property
    def violated(self) -> tuple[str, ...]:
        """Ids of the violated invariants, in the order of the catalogue."""
        return tuple(id_ for id_, one in self.invariants.items() if one.violations)

    @property
    def completes(self) -> bool:
        """Whether some input completed without faults."""
        return any(Status.COMPLETED in digest.statuses for digest in self.fault_free.values())

    def reached(self) -> tuple[str, ...]:
        """Operations that the fault-free runs reached, in that order."""
        sites = (site.operation for digest in self.fault_free.values() for site, _ in digest.sites)
        return tuple(dict.fromkeys(sites))

    def _add_faults(self, digest: Digest) -> None:
        for fault, strikes in zip(digest.plan.faults, digest.strikes, strict=True):
            mark = (fault.kind, fault.operation)
            self.planned += 1
            self.planned_at[mark] += 1
            if strikes:
                self.fired += 1
                self.by_kind[fault.kind] += 1
                self.fired_at[mark] += 1
                self.fired_variants.add((*mark, fault.variant))


def _size(plan: FaultPlan) -> tuple[int, int]:
    counted = sum(fault.count if isinstance(fault.count, int) else 99 for fault in plan.faults)
    return len(plan.faults), counted
