"""What one saga did under the name of another, or to what another one made."""

from __future__ import annotations

from collections.abc import Iterator

from harness.invariants.base import Finding
from harness.invariants.isolation.accesses import Accesses
from harness.views import View


def work_of_another(view: View, accesses: Accesses) -> Iterator[Finding]:
    """A saga changed or removed what another one made: undo of another's work."""
    sagas = set(view.history.began.saga_ids)
    for call in view.history.calls:
        sender = accesses.sender(call)
        for index, effect in call.effects:
            made = view.ledger.found(effect.resource, effect.incarnation)
            whose = effect.saga_id
            if whose in sagas and whose != sender and made is not None and made.made != index:
                what = f"{effect.resource} #{effect.incarnation} of {whose}"
                message = f"undo of another's work: saga {sender} changed {what}"
                yield Finding(message, (made.made, call.index, index))


def shared_memory(view: View, accesses: Accesses) -> Iterator[Finding]:
    """A saga sent a call in the name of another: what belongs to one was kept where both reach it.

    A call that only its path places says nothing of whom the saga meant.
    """
    sagas = set(view.history.began.saga_ids)
    for call in view.history.calls:
        sender, named = accesses.sender(call), call.sent.saga_id
        if named not in sagas or named == sender or sender not in sagas:
            continue
        by_key = (call.sent.key or "").partition(":")[0] == named
        if by_key or call.sent.resource_id is None:
            first = next(
                (other.index for other in view.history.calls if accesses.sender(other) == named), None
            )
            request = f"{call.sent.method} {call.sent.path}"
            message = f"shared memory: saga {sender} sent {request} in the name of {named}"
            yield Finding(message, (call.index,) if first is None else (first, call.index))
