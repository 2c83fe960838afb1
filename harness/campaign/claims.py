"""Which claims a plan is about, and a saga searched with more claims than it makes (`--unclaimed`).

Owns the one answer to "whose fault is it": a fault is of the claim that unlocks its kind, and, at or
after a step that cannot be undone, of *irreversible_step* too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from harness.faults import KINDS
from harness.plan import Fault, FaultPlan
from harness.saga import Claim
from harness.scenario import Scenario


def irreversible_operations(scenario: Scenario) -> frozenset[str]:
    """At and after steps that cannot be undone: spared, unless that is claimed."""
    return with_claims(scenario, scenario.spec.claims - {Claim.IRREVERSIBLE_STEP}).spared


def claims_of(fault: Fault, irreversible: frozenset[str]) -> frozenset[Claim]:
    """The claims without which a fault would not have been sent."""
    claim = KINDS[fault.kind].claim
    found = {claim} if claim is not None else set()
    return frozenset(found | {Claim.IRREVERSIBLE_STEP} if fault.operation in irreversible else found)


def claims_of_plan(plan: FaultPlan, irreversible: frozenset[str]) -> frozenset[Claim]:
    """Of all its faults."""
    return frozenset(claim for fault in plan.faults for claim in claims_of(fault, irreversible))


def with_claims(scenario: Scenario, claims: Iterable[Claim]) -> Scenario:
    """The same saga, said to claim these."""
    return replace(scenario, spec=replace(scenario.spec, claims=frozenset(claims)))


def widened(scenario: Scenario) -> Scenario:
    """The same saga with every claim whose faults can befall it."""
    fit = [claim for claim in Claim if unfit_for(scenario, claim) is None]
    return with_claims(scenario, scenario.spec.claims | set(fit))


def unfit_for(scenario: Scenario, claim: Claim) -> str | None:
    """Why none of the blows of a claim can befall a saga of this kind, or None where one can."""
    blows = [kind.blow for kind in KINDS.values() if kind.claim is claim and kind.blow is not None]
    reasons = [scenario.saga.unfit(blow) for blow in blows]
    return reasons[0] if reasons and all(reasons) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """What a search let a saga claim on top of its own claims. `irreversible`: see `claims_of`."""

    added: tuple[Claim, ...]
    irreversible: frozenset[str]

    def of(self, plan: FaultPlan) -> tuple[Claim, ...]:
        """Those that a plan has faults of."""
        concerned = claims_of_plan(plan, self.irreversible)
        return tuple(claim for claim in self.added if claim in concerned)


def unclaimed(scenario: Scenario, searched: Scenario) -> Unclaimed:
    """What `searched` claims and `scenario` does not."""
    added = searched.spec.claims - scenario.spec.claims
    return Unclaimed(
        added=tuple(claim for claim in Claim if claim in added),
        irreversible=irreversible_operations(scenario),
    )


@dataclass(frozen=True, slots=True)
class LoadedWithClaims:
    """Loads as `load` does, and adds claims; a worker process gets it by pickling."""

    load: Callable[[str], Scenario]
    added: tuple[Claim, ...]

    def __call__(self, reference: str) -> Scenario:
        """A scenario with its own claims and these."""
        scenario = self.load(reference)
        return with_claims(scenario, scenario.spec.claims | set(self.added))
