"""Anomalies of records that several sagas know of: a project, a folder, a customer that one of them made.

Countermeasures pass: a saga that looks again, or that makes one of its own. A history does not say which
record an id stands for, so only a look at a resource of which there was one is judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.history import Call
from harness.invariants.base import Finding
from harness.invariants.isolation.accesses import Accesses
from harness.participant import Verb
from harness.views import View
from harness.views.ledger import IncarnationView


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A saga read a record by its id. index: when the participant was asked."""

    saga: str
    resource: str
    id: str
    index: int


def dirty_reads(view: View, accesses: Accesses) -> Iterator[Finding]:
    """A saga completed on a record that another one had made, and undid later."""
    looks = [look for call in view.history.calls if (look := _look(view, accesses, call)) is not None]
    own = {(accesses.sender(call), _resource(call)) for call in view.history.calls if call.effects}
    for look in looks:
        there = [one for one in view.ledger.incarnations if _is_there(one, look)]
        again = [one for one in looks if (one.saga, one.resource) == (look.saga, look.resource)]
        if len(there) != 1 or again != [look] or (look.saga, look.resource) in own:
            continue
        (read,) = there
        if read.saga_id != look.saga and read.removals and accesses.completed(look.saga):
            message = (
                f"dirty read: saga {look.saga} completed by what it read of {look.resource} {look.id}, which "
                f"saga {read.saga_id} had made and undid later"
            )
            yield Finding(message, (read.made, look.index, read.removals[0]))


def _look(view: View, accesses: Accesses, call: Call) -> _Look | None:
    resource, answered = _resource(call), call.answered
    asked = (call.sent.operation or "").rpartition(".")[2] == Verb.GET
    if not asked or answered is None or not 200 <= answered.status < 300:
        return None
    if view.resources[resource].kind is not None:
        return None
    id_, index = call.sent.resource_id or "", call.deliveries[0]
    return _Look(saga=accesses.sender(call), resource=resource, id=id_, index=index)


def _is_there(one: IncarnationView, look: _Look) -> bool:
    """Whether a record was there when it was looked for."""
    removed = bool(one.removals) and one.removals[0] < look.index
    return one.resource == look.resource and one.made < look.index and not removed


def _resource(call: Call) -> str:
    return (call.sent.operation or "").rpartition(".")[0]
