"""ISO: overlapping sagas conserve what they share, and read nothing that is later compensated.

Only judged with overlapping sagas in one run, which scenarios cannot ask for yet; until then it is
not exercised, and said to be.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.views import SagaView, View


class NotIsolated(InvariantViolated):
    """One saga undid or used what another holds."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    others = {other.saga_id for other in view.sagas} - {saga.saga_id}
    for call in saga.calls:
        for index, effect in call.effects:
            if effect.saga_id in others:
                message = (
                    f"saga {saga.saga_id} changed {effect.resource} #{effect.incarnation} of {effect.saga_id}"
                )
                yield Finding(message, (call.index, index))


def _exercised(view: View, saga: SagaView) -> bool:
    del saga
    return len(view.sagas) > 1


INVARIANT = Invariant(
    id="isolation",
    says="Overlapping sagas conserve what they share.",
    error=NotIsolated,
    finds=_finds,
    exercised=_exercised,
    at_end=False,
)
