"""Which claims a plan is about, and a saga searched with more claims than it makes (`--unclaimed`).

Owns the one answer to "whose fault is it": a fault is of the claim that unlocks its kind, and, where it
may leave an effect behind at a step that can be neither undone, nor repeated, nor found, of
*irreversible_step* too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from harness.faults import KINDS
from harness.faults.enabled import EnabledFaults
from harness.plan import Fault, FaultPlan
from harness.saga import Claim
from harness.scenario import Scenario

Irreversible = frozenset[tuple[str, str]]
"""Kinds at operations that only the claim *irreversible_step* unlocks."""


def irreversible_faults(scenario: Scenario) -> Irreversible:
    """What may leave an effect behind at a step of the scenario where nothing can be done about it."""
    claimed = EnabledFaults(with_claims(scenario, Claim), "sim").possible
    without = EnabledFaults(with_claims(scenario, set(Claim) - {Claim.IRREVERSIBLE_STEP}), "sim").possible
    return frozenset(
        (one.kind.name, operation)
        for operation in sorted(scenario.irreversible)
        for one in set(claimed[operation]) - set(without[operation])
    )


def claims_of(fault: Fault, irreversible: Irreversible) -> frozenset[Claim]:
    """The claims without which a fault would not have been sent."""
    claim = KINDS[fault.kind].claim
    found = {claim} if claim is not None else set()
    stays = (fault.kind, fault.operation) in irreversible
    return frozenset(found | {Claim.IRREVERSIBLE_STEP} if stays else found)


def claims_of_plan(plan: FaultPlan, irreversible: Irreversible) -> frozenset[Claim]:
    """Of all its faults."""
    return frozenset(claim for fault in plan.faults for claim in claims_of(fault, irreversible))


def with_claims(scenario: Scenario, claims: Iterable[Claim]) -> Scenario:
    """The same saga, said to claim these."""
    return replace(scenario, spec=replace(scenario.spec, claims=frozenset(claims)))


def widened(scenario: Scenario) -> Scenario:
    """The same saga with every claim whose faults can strike it."""
    fit = [claim for claim in Claim if unfit_for(scenario, claim) is None]
    return with_claims(scenario, scenario.spec.claims | set(fit))


def unfit_for(scenario: Scenario, claim: Claim) -> str | None:
    """Why none of the process faults of a claim can strike a saga of this kind, or None where one can."""
    process_faults = [
        kind.process_fault
        for kind in KINDS.values()
        if kind.claim is claim and kind.process_fault is not None
    ]
    reasons = [scenario.saga.unfit(process_fault) for process_fault in process_faults]
    return reasons[0] if reasons and all(reasons) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """What a search let a saga claim on top of its own claims. `irreversible`: see `claims_of`."""

    added: tuple[Claim, ...]
    irreversible: Irreversible

    def of(self, plan: FaultPlan) -> tuple[Claim, ...]:
        """Those that a plan has faults of."""
        concerned = claims_of_plan(plan, self.irreversible)
        return tuple(claim for claim in self.added if claim in concerned)


def unclaimed(scenario: Scenario, searched: Scenario) -> Unclaimed:
    """What `searched` claims and `scenario` does not."""
    added = searched.spec.claims - scenario.spec.claims
    return Unclaimed(
        added=tuple(claim for claim in Claim if claim in added),
        irreversible=irreversible_faults(scenario),
    )


@dataclass(frozen=True, slots=True)
class LoadedWithClaims:
    """Loads as `load` does, and adds claims; a worker process gets it by pickling.

    only: see `Scenario.only`.
    """

    load: Callable[[str], Scenario]
    added: tuple[Claim, ...]
    only: tuple[str, ...] = ()

    def __call__(self, reference: str) -> Scenario:
        """A scenario with its own claims and these."""
        scenario = self.load(reference)
        if self.only:
            scenario = replace(scenario, only=self.only)
        return with_claims(scenario, scenario.spec.claims | set(self.added)) if self.added else scenario
