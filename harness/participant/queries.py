"""What the queries of records answer: what is whole and live, and what is pending.

Refuses to list what was applied in part.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.participant.ledger import Incarnation
from harness.participant.messages import Reply, Response
from harness.participant.pending import Pending
from harness.participant.resource import ResourceSpec
from harness.saga import Json


def none(resource: ResourceSpec, id_: str) -> Response:
    """There is nothing."""
    return resource.answers.refusal(404, f"no {resource.name} {id_}", id_)


def one_told(resource: ResourceSpec, found: Incarnation | None, id_: str, pending: Pending) -> Reply:
    """By id."""
    if found is None or not _there(found, pending):
        return Reply(response=none(resource, id_))
    shows = () if pending.pending(found) else None
    body, effects = pending.look(found)
    return Reply(response=Response.of(200, body), effects=effects, shows=shows)


def all_told(resource: ResourceSpec, mine: Iterable[Incarnation], pending: Pending) -> Reply:
    """By saga."""
    there = [one for one in mine if _there(one, pending)]
    waiting = any(pending.pending(one) for one in there)
    done = (one.step for one in there if one.step is not None and not pending.pending(one))
    shows = tuple(dict.fromkeys(done)) if waiting else None
    looks = [pending.look(one) for one in there]
    items: list[Json] = [body for body, _ in looks]
    effects = tuple(effect for _, own in looks for effect in own)
    return Reply(response=Response.of(200, resource.answers.listed(items)), effects=effects, shows=shows)


def _there(one: Incarnation, pending: Pending) -> bool:
    return one.live and (one.whole or pending.waits(one))
