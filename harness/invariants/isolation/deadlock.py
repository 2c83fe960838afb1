"""Sagas that wait for each other, and do not end."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import NobodyHeld
from harness.invariants.base import Finding
from harness.invariants.isolation.accesses import Accesses
from harness.saga import Status
from harness.views import View


def waits(view: View, accesses: Accesses) -> Iterator[Finding]:
    """One that gives up after a while breaks the deadlock, as it should: only who does not end is found."""
    for index, event in view.history.of(NobodyHeld):
        endless = [one for one in event.waited if accesses.statuses.get(one) in (None, Status.RUNNING)]
        if endless:
            before = (call for call in view.history.calls if call.index < index)
            last = {accesses.sender(call): call.index for call in before}
            evidence = (*(last[one] for one in event.waited if one in last), index)
            yield Finding(f"deadlock: {_stand(event)} wait for each other", evidence)


def _stand(event: NobodyHeld) -> str:
    """Who waits, and in memory also where."""
    if not event.at:
        return " and ".join(event.waited)
    pairs = zip(event.waited, event.at, strict=True)
    return " and ".join(f"saga {one} at {at}" for one, at in pairs)
