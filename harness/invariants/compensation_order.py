"""ORD: compensations run in reverse order, each after those before it were settled."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import Call
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.views import SagaView, View


class CompensationOutOfOrder(InvariantViolated):
    """An undo was sent before one that must come first was settled."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    del view
    for call in saga.undos():
        too_soon = {step: _unsettled(saga, call, step) for step in _meant(saga, call)}
        # An undo by saga is due as soon as one of the steps that it covers is.
        if too_soon and all(too_soon.values()):
            for step, earlier in too_soon.items():
                yield _finding(saga, call, step, earlier[0])


def _meant(saga: SagaView, call: Call) -> list[str]:
    """The steps that an undo can have been sent for: those with something to undo, if there are any."""
    steps = list(call.sent.steps)
    return [step for step in steps if not saga.needless(step, call.index)] or steps


def _unsettled(saga: SagaView, call: Call, step: str) -> list[str]:
    before = [earlier for earlier in saga.spec.undone_before(step) if earlier not in call.sent.steps]
    return [earlier for earlier in before if not _settled(saga, earlier, call.index)]


def _settled(saga: SagaView, step: str, at: int) -> bool:
    return saga.undone(step, at) or saga.needless(step, at) or saga.given_up(step, at)


def _finding(saga: SagaView, call: Call, step: str, earlier: str) -> Finding:
    others = [other.index for other in saga.undos() if earlier in other.sent.steps]
    message = f"the undo of step {step} was sent before that of step {earlier} was settled"
    return Finding(message, (call.index, *others[:1]))


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    undone = {step for call in saga.undos() for step in call.sent.steps}
    return any(earlier in undone for step in sorted(undone) for earlier in saga.spec.undone_before(step))


INVARIANT = Invariant(
    id="compensation_order",
    says="An undo is sent only after those before it were acknowledged, needless, or given up for good.",
    error=CompensationOutOfOrder,
    finds=_finds,
    exercised=_exercised,
    at_end=False,
)
