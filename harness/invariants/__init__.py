"""The invariants: one module each, pure functions of a run's view.

Owns the fourteen of the failure catalogue, `conservation` for scenarios that conserve something,
`lifecycle_events` for sagas that tell events of their lives, and `judge`, which asks them all and lets none
that crashed pass. Refuses to run anything, to read files, and to excuse what `docs/judgement.md` does not
excuse.

Adding an invariant is one new module with an `INVARIANT`, and its line in `_MODULES`. A user's own comes
with a scenario, or from a package (`harness.registry`).
"""

from collections.abc import Mapping
from importlib import import_module

from harness.errors import ScenarioError, misplaced, nearest
from harness.invariants import conservation, lifecycle_events
from harness.invariants.base import Invariant, InvariantViolated, Judgement, worst
from harness.invariants.judge import judge_view
from harness.registry import Registry
from harness.report_model import Verdict
from harness.scenario import Scenario

_MODULES = (
    "no_orphaned_resources",
    "idempotent_actions",
    "idempotent_compensation",
    "complete_compensation",
    "compensation_order",
    "pivot_correctness",
    "truthful_outcome",
    "termination",
    "no_zombie_effects",
    "bounded_retries",
    "isolation",
    "failed_compensation_escalated",
    "log_agreement",
    "idempotency_keys",
)


def _invariant(module: str) -> Invariant:
    invariant: Invariant = import_module(f"{__name__}.{module}").INVARIANT
    return invariant


INVARIANTS = Registry(
    "invariant", "saga_chaos.invariants", Invariant, lambda one: one.id, map(_invariant, _MODULES)
)
"""Every invariant by id: ours in the order of the failure catalogue, then those that packages offer."""


def invariants_of(scenario: Scenario) -> Mapping[str, Invariant]:
    """Those that its runs are judged by: all of ours and its own, or those of them that `only` names.

    Raises ScenarioError for what is none.
    """
    where = f"scenario {scenario.name!r}, invariants"
    conserved = (conservation.INVARIANT,) if conservation.conserves(scenario.resources) else ()
    own = (*conserved, lifecycle_events.INVARIANT, *scenario.invariants)
    every = INVARIANTS.all_of(own, where)
    for id_ in scenario.only:
        if id_ not in every:
            raise ScenarioError(misplaced(f"{where} to be judged by", id_, nearest(id_, every)))
    return {id_: one for id_, one in every.items() if id_ in scenario.only} if scenario.only else every


__all__ = [
    "INVARIANTS",
    "Invariant",
    "InvariantViolated",
    "Judgement",
    "Verdict",
    "invariants_of",
    "judge_view",
    "worst",
]
