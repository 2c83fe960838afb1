"""An invariant for sagas whose steps depend on their input: what was asked for is there, and nothing else.

`completed` of a saga with optional steps is truthful without them; whether they had to be there, only the
scenario knows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from harness.history import History
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Direction, Json, Status
from harness.views import SagaView, View

Needed = Callable[[Json], Collection[str]]


class NotAsAsked(InvariantViolated):
    """A step that the input asks for is missing, or one was made or undone that it does not ask for."""


def made_as_asked(needed: Needed) -> Invariant:
    """needed: the names of the steps that an input asks for."""

    def finds(view: View, saga: SagaView) -> Iterator[Finding]:
        wanted = set(needed(_input_of(view.history, saga.saga_id)))
        for step in saga.spec.steps:
            if step.name not in wanted:
                for call in saga.calls:
                    if call.sent.direction is not None and call.sent.steps == (step.name,):
                        word = "sent" if call.sent.direction is Direction.ACTION else "undone"
                        yield Finding(
                            f"step {step.name} was {word}, and the input does not ask for it", (call.index,)
                        )
            elif saga.status is Status.COMPLETED and not view.ledger.applied(saga.saga_id, step.name):
                message = f"the input asks for step {step.name}, and the saga completed without it"
                yield Finding(message, view.evidence(saga.ended))

    def exercised(view: View, saga: SagaView) -> bool:
        del view
        return saga.status is Status.COMPLETED or bool(saga.undos())

    return Invariant(
        id="made_as_asked",
        says="What the input asks for is there once the saga completed, and nothing else was touched.",
        error=NotAsAsked,
        finds=finds,
        exercised=exercised,
    )


def _input_of(history: History, saga_id: str) -> Json:
    starts = history.began.sagas
    for start in starts or ():
        if start.id == saga_id:
            return start.input
    return history.began.input
