"""Advice: what no invariant judges, and what the owner of a saga still wants to know.

Owns the sentences of advice in a report. Refuses to call anything wrong: invariants do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.invariants.bounded_retries import early_repeats
from harness.saga import Choice, Direction, Status, StepKind
from harness.scenario import Scenario
from harness.views import View


def early_repeat(view: View) -> str:
    """The first repeat in a run that came before its Retry-After; empty where that is judged."""
    if view.spec.policy.retry_after is Choice.MUST:
        return ""
    return next((finding.message for saga in view.sagas for finding in early_repeats(saga)), "")


def left_to_lapse(view: View) -> str:
    """What a saga that ended compensated tried in vain to undo, and left until its time was up, if anything.

    What it never tried to undo is judged: *complete_compensation*.
    """
    for saga in view.sagas:
        if saga.status is not Status.COMPENSATED:
            continue
        for one in view.ledger.of(saga.saga_id):
            step = saga.spec.by_name.get(one.step or "")
            tried = step is not None and saga.attempts(step.name, Direction.COMPENSATION)
            if (
                step is not None
                and tried
                and not saga.undone(step.name)
                and one.lapse is not None
                and not one.removals
            ):
                return f"{one.resource} #{one.number} of step {one.step}"
    return ""


def advice(scenario: Scenario, early: Sequence[str], lapsed: Sequence[str] = ()) -> Iterator[str]:
    """What to say of a scenario. `early`: what each run with an early repeat showed.

    lapsed: what each run left to be over by itself.
    """
    if lapsed:
        yield (
            f"In {len(lapsed)} runs the saga ended compensated and left {lapsed[0]} to be over by itself "
            "(expires_s): its undo was sent and never acknowledged. That counts as undone, and until then "
            "it is held for nobody."
        )
    if early:
        yield (
            f"In {len(early)} runs a Retry-After was not kept: {early[0]}. "
            'It is judged where [saga.policy] says retry_after = "must".'
        )
    for step in scenario.spec.steps:
        if step.kind is StepKind.COMPENSABLE and step.action in scenario.irreversible:
            yield (
                f"What step {step.name} makes can be neither undone, nor repeated, nor found, and does not "
                'count as left over. If it must not be left behind, make the step kind = "pivot" or '
                '"retriable".'
            )
