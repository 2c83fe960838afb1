"""COMP: after an abort every step that was possibly applied is undone, and nothing else must be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Choice, Direction, Status, Step
from harness.views import IncarnationView, SagaView, View


class CompensationIncomplete(InvariantViolated):
    """A step that may have been applied was not undone, or one was undone that must not be."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    yield from _untried(view, saga)
    if not _aborted(view, saga):
        return
    for step in saga.spec.steps:
        if step.compensation is not None:
            yield from _missing(view, saga, step)
            yield from _against_policy(view, saga, step)


def _aborted(view: View, saga: SagaView) -> bool:
    if saga.status in (Status.COMPLETED, Status.STUCK) or _pivot_applied(view, saga):
        return False
    raised = saga.ended is not None and saga.ended.problem is not None and not saga.ended.timed_out
    return saga.status is Status.COMPENSATED or raised or bool(saga.undos())


def _pivot_applied(view: View, saga: SagaView) -> bool:
    pivot = saga.spec.pivot
    return pivot is not None and any(
        held.whole is not None for held in view.ledger.of(saga.saga_id, pivot.name)
    )


def _missing(view: View, saga: SagaView, step: Step) -> Iterator[Finding]:
    made = list(view.ledger.of(saga.saga_id, step.name))
    if saga.undone(step.name):
        return
    if made and not any(held.live for held in made):
        yield from _left_to_lapse(view, saga, step, made)
        return
    sent = saga.attempts(step.name, Direction.ACTION)
    if made:
        undone = "undone only in part" if any(held.live and held.lessened for held in made) else "not undone"
        evidence = tuple(index for held in made for index in held.evidence)
        yield Finding(f"step {step.name} was applied and {undone}", evidence)
    elif not saga.needless(step.name):
        message = f"step {step.name} was in doubt and not undone"
        yield Finding(
            message, tuple(index for call in sent for index in (call.index, call.end) if index is not None)
        )


def _left_to_lapse(
    view: View, saga: SagaView, step: Step, made: Sequence[IncarnationView]
) -> Iterator[Finding]:
    """Who tried to undo it may leave the rest to its time limit; who never tried has forgotten it."""
    tried = saga.attempts(step.name, Direction.COMPENSATION) or not view.history.began.visible_attempts
    if tried or saga.ended is None:
        return
    for held in made:
        if held.lapse is not None and not held.removals and saga.ended.t_s < held.lapse[1].due_s:
            message = f"step {step.name} was applied and its undo never sent: it is held until its time is up"
            yield Finding(message, (held.made, held.lapse[0]))


def _against_policy(view: View, saga: SagaView, step: Step) -> Iterator[Finding]:
    sent = saga.attempts(step.name, Direction.ACTION)
    if not sent or not saga.surely_not_applied(step.name) or any(call.struck is not None for call in sent):
        return
    undos = [
        call for call in saga.attempts(step.name, Direction.COMPENSATION) if _alone(saga, call.sent.steps)
    ]
    choice = saga.spec.policy.failed_step
    seen = view.history.began.visible_attempts
    if choice is Choice.MUST and seen and not saga.attempts(step.name, Direction.COMPENSATION):
        yield Finding(
            f"step {step.name} failed and was not undone, and failed_step is 'must'", (sent[-1].index,)
        )
    if choice is Choice.NEVER and undos:
        message = f"step {step.name} surely was not applied and was undone, and failed_step is 'never'"
        yield Finding(message, (sent[-1].index, undos[0].index))


def _alone(saga: SagaView, steps: tuple[str, ...]) -> bool:
    """Whether an undo by saga was meant for no other step that may have been applied."""
    return all(saga.surely_not_applied(step) for step in steps)


def _untried(view: View, saga: SagaView) -> Iterator[Finding]:
    if saga.spec.policy.untried_step is not Choice.NEVER or not view.history.began.visible_attempts:
        return
    for call in saga.undos():
        steps = call.sent.steps
        if steps and not any(_begun(saga, step, call.index) for step in steps):
            yield Finding(f"step {steps[0]} was undone and had never been sent", (call.index,))


def _begun(saga: SagaView, step: str, before: int) -> bool:
    """Whether it was sent, or another call of the same step was: whoever undoes a step may undo all of it."""
    calls = saga.spec.calls_of[saga.spec.by_name[step].whole]
    sent = any(saga.attempts(one, Direction.ACTION, before) for one in calls)
    return sent or saga.perhaps_begun(step, before)


def _exercised(view: View, saga: SagaView) -> bool:
    return _aborted(view, saga) and any(
        step.compensation is not None and not saga.surely_not_applied(step.name) for step in saga.spec.steps
    )


INVARIANT = Invariant(
    id="complete_compensation",
    says="After an abort each step that was applied or in doubt is undone, and no other needs to be.",
    error=CompensationIncomplete,
    finds=_finds,
    exercised=_exercised,
)
