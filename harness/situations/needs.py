"""What follows from a scenario's claims and step kinds: which situations it must be able to show."""

from __future__ import annotations

from harness.faults.enabled import EnabledFaults
from harness.participant import Verb
from harness.process_faults import ProcessFault
from harness.saga import Claim, Direction, SagaSpec, Status, Step, StepKind
from harness.scenario import Scenario


def never(scenario: Scenario) -> bool:
    """It may come about or not."""
    del scenario
    return False


def may_complete(scenario: Scenario) -> bool:
    """Whether any input is expected to, which most are."""
    return any(scenario.expected(index) is Status.COMPLETED for index in range(len(scenario.inputs)))


def undoes(scenario: Scenario) -> bool:
    """Whether one refusal leaves something to undo, whatever the saga does with its doubts."""
    return any(
        _undone_after(scenario.spec, made, failed)
        for made in scenario.spec.steps
        for failed in scenario.spec.steps
        if _aborts(failed)
    )


def may_undo(scenario: Scenario) -> bool:
    """Whether anything may be left to undo: by a refusal, or by a doubt about the step itself."""
    return undoes(scenario) or any(
        _is_undone(scenario.spec, step) and _aborts(step) and _undone_in_doubt(scenario, step)
        for step in scenario.spec.steps
    )


def _undone_in_doubt(scenario: Scenario, step: Step) -> bool:
    """Whether a step that was done unseen can be undone: without its id, or once it is found."""
    resource = scenario.resources[step.resource]
    reached = resource.has(Verb.DELETE_BY_SAGA) or resource.has(Verb.FIND)
    return reached and _loses_reply(scenario, step)


def _aborts(failed: Step) -> bool:
    """Whether its failure makes a saga abort."""
    return failed.kind is not StepKind.RETRIABLE and not failed.optional


def _undone_after(spec: SagaSpec, made: Step, failed: Step) -> bool:
    return _is_undone(spec, made) and made.name in spec.ancestors[failed.name]


def _is_undone(spec: SagaSpec, made: Step) -> bool:
    before_pivot = spec.pivot is None or spec.pivot.name not in {made.name, *spec.ancestors[made.name]}
    return made.compensation is not None and made.kind is StepKind.COMPENSABLE and before_pivot


def overlaps(scenario: Scenario) -> bool:
    """Whether its runs start several sagas."""
    return scenario.overlap is not None


def loses_replies(scenario: Scenario) -> bool:
    """Whether the reply to an action may be lost."""
    return any(_loses_reply(scenario, step) for step in scenario.spec.steps)


def loses_pivot(scenario: Scenario) -> bool:
    """Whether the reply to the pivot may be lost."""
    pivot = scenario.spec.pivot
    return pivot is not None and _loses_reply(scenario, pivot)


def _loses_reply(scenario: Scenario, step: Step) -> bool:
    found_again = scenario.resources[step.resource].found_again
    strikes = found_again or step.action in scenario.left_in_doubt
    return strikes and Claim.LOST_REPLY in scenario.spec.claims


def goes_on_after_pivot(scenario: Scenario) -> bool:
    """Whether a step follows that is retried until it succeeds."""
    spec = scenario.spec
    pivot = spec.pivot
    return pivot is not None and any(_follows(spec, step, pivot) for step in spec.steps)


def _follows(spec: SagaSpec, step: Step, pivot: Step) -> bool:
    return step.kind is StepKind.RETRIABLE and pivot.name in spec.ancestors[step.name]


def dies(scenario: Scenario) -> bool:
    """Whether its process may be killed."""
    return _struck(scenario, ProcessFault.CRASH)


def dies_on_the_way_back(scenario: Scenario) -> bool:
    """Whether its process may be killed while it undoes something."""
    return undoes(scenario) and _struck(scenario, ProcessFault.CRASH, Direction.COMPENSATION)


def meets_another(scenario: Scenario) -> bool:
    """Whether another executor may take over while the first one lives."""
    return _struck(scenario, ProcessFault.RACE) or _struck(scenario, ProcessFault.FREEZE)


def moves(scenario: Scenario) -> bool:
    """Whether it may be resumed on another node."""
    return _struck(scenario, ProcessFault.MOVE)


def is_started_again(scenario: Scenario) -> bool:
    """Whether the same id may be started twice."""
    return _struck(scenario, ProcessFault.START_AGAIN)


def is_cancelled(scenario: Scenario) -> bool:
    """Whether its caller may cancel it."""
    return _struck(scenario, ProcessFault.CANCEL)


def _struck(scenario: Scenario, process_fault: ProcessFault, direction: Direction | None = None) -> bool:
    enabled = EnabledFaults(
        scenario, "sim"
    )  # which calls a process fault may strike is the same in both worlds
    return any(
        possible.kind.process_fault is process_fault
        for operation, all_of_them in enabled.possible.items()
        if direction is None or enabled.target(operation).direction is direction
        for possible in all_of_them
    )
