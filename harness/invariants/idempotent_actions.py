"""ONCE, forwards: the net effect of a step's action is 0 or 1, whatever was delivered how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Direction
from harness.views import IncarnationView, SagaView, View


class ActionAppliedTwice(InvariantViolated):
    """An action took effect more than once."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    for step in saga.spec.steps:
        made = _together([held for held in view.ledger.of(saga.saga_id, step.name) if held.took_effect])
        if len(made) > 1:
            message = f"the action of step {step.name} took effect {len(made)} times"
            message += "".join(f"; {held.says}" for held in made if held.says)
            yield Finding(message, tuple(held.made for held in made))


def _together(made: Sequence[IncarnationView]) -> list[IncarnationView]:
    """Those that were there besides another one: what was over by itself may be done again."""
    pairs = [pair for pair in combinations(made, 2) if not pair[0].over_before(pair[1].made)]
    return [one for one in made if any(one in pair for pair in pairs)]


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return any(
        len(saga.attempts(step.name, Direction.ACTION)) > 1
        or any(len(call.deliveries) > 1 for call in saga.attempts(step.name, Direction.ACTION))
        for step in saga.spec.steps
    )


INVARIANT = Invariant(
    id="idempotent_actions",
    says="The net effect of each step's action is 0 or 1, whatever was delivered how often.",
    error=ActionAppliedTwice,
    finds=_finds,
    exercised=_exercised,
    at_end=False,
)
