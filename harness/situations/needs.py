"""What follows from a scenario's claims and step kinds: which situations it must be able to show."""

from __future__ import annotations

from harness.blows import Blow
from harness.faults.unlocked import Unlocked
from harness.saga import Claim, Direction, SagaSpec, Step, StepKind
from harness.scenario import Scenario


def never(scenario: Scenario) -> bool:
    """It may come about or not."""
    del scenario
    return False


def always(scenario: Scenario) -> bool:
    """Whatever the saga is."""
    del scenario
    return True


def undoes(scenario: Scenario) -> bool:
    """Whether one refusal leaves something to undo, whatever the saga does with its doubts."""
    return any(
        _undone_after(scenario, made, failed) for made in scenario.spec.steps for failed in _failing(scenario)
    )


def _failing(scenario: Scenario) -> list[Step]:
    """Steps whose refusal turns a saga back."""
    return [
        step
        for step in scenario.spec.steps
        if step.kind is not StepKind.RETRIABLE and not step.optional and step.action not in scenario.spared
    ]


def _undone_after(scenario: Scenario, made: Step, failed: Step) -> bool:
    spec = scenario.spec
    before_pivot = spec.pivot is None or spec.pivot.name not in {made.name, *spec.ancestors[made.name]}
    undone = made.compensation is not None and made.kind is StepKind.COMPENSABLE and before_pivot
    return undone and made.name in spec.ancestors[failed.name]


def loses_replies(scenario: Scenario) -> bool:
    """Whether the reply to an action may be lost."""
    return Claim.LOST_REPLY in scenario.spec.claims and any(
        step.action not in scenario.spared and scenario.operations[step.action].resource.found_again
        for step in scenario.spec.steps
    )


def loses_pivot(scenario: Scenario) -> bool:
    """Whether the reply to the pivot may be lost."""
    pivot = scenario.spec.pivot
    claimed = Claim.LOST_REPLY in scenario.spec.claims
    return claimed and pivot is not None and pivot.action not in scenario.spared


def goes_on_after_pivot(scenario: Scenario) -> bool:
    """Whether a step after the pivot may be struck."""
    spec = scenario.spec
    pivot = spec.pivot
    claimed = Claim.IRREVERSIBLE_STEP in spec.claims
    return claimed and pivot is not None and any(_follows(spec, step, pivot) for step in spec.steps)


def _follows(spec: SagaSpec, step: Step, pivot: Step) -> bool:
    return step.kind is StepKind.RETRIABLE and pivot.name in spec.ancestors[step.name]


def dies(scenario: Scenario) -> bool:
    """Whether its process may be killed."""
    return _struck(scenario, Blow.CRASH)


def dies_on_the_way_back(scenario: Scenario) -> bool:
    """Whether its process may be killed while it undoes something."""
    return undoes(scenario) and _struck(scenario, Blow.CRASH, Direction.COMPENSATION)


def meets_another(scenario: Scenario) -> bool:
    """Whether another executor may take over while the first one lives."""
    return _struck(scenario, Blow.RACE) or _struck(scenario, Blow.FREEZE)


def moves(scenario: Scenario) -> bool:
    """Whether it may be resumed on another node."""
    return _struck(scenario, Blow.MOVE)


def is_started_again(scenario: Scenario) -> bool:
    """Whether the same id may be started twice."""
    return _struck(scenario, Blow.START_AGAIN)


def is_cancelled(scenario: Scenario) -> bool:
    """Whether its caller may cancel it."""
    return _struck(scenario, Blow.CANCEL)


def _struck(scenario: Scenario, blow: Blow, direction: Direction | None = None) -> bool:
    unlocked = Unlocked(scenario, "sim")  # which calls a blow may strike is the same in both worlds
    return any(
        possible.kind.blow is blow
        for operation, all_of_them in unlocked.possible.items()
        if direction is None or unlocked.target(operation).direction is direction
        for possible in all_of_them
    )
