"""Where no saga could hold (RULES §6): the reasons why a kind may not strike a target."""

from __future__ import annotations

from http import HTTPStatus

from harness.bus import Keeping
from harness.bus.types import order_of
from harness.participant import Repeats, UndoAnswers, Verb
from harness.plan.types import Target
from harness.saga import Direction


def only_actions_found_again(target: Target) -> str | None:
    """For effects whose reply is lost: the saga must be able to find, undo or repeat what it made."""
    if target.operation.verb is not Verb.CREATE or target.operation.resource.found_again:
        return None
    if target.irreversible:
        return None
    return "what was made cannot be found, undone by saga or repeated, so no saga could hold"


def never_queries(target: Target) -> str | None:
    """A query has no effect to lose or to repeat."""
    return "a query has no effect" if target.operation.verb.queries else None


def only_bodies(target: Target) -> str | None:
    """Garbage needs a body to garble."""
    if target.operation.verb.undoes and not _answers_with_body(target):
        return "the reply has no body"
    return only_actions_found_again(target)


def only_repeatable(target: Target) -> str | None:
    """A repeated create needs a key or a natural identity."""
    if target.operation.verb is Verb.CREATE and target.operation.resource.repeats is Repeats.NONE:
        return "the resource declares repeats = none, so no saga could hold"
    return never_queries(target)


def may_land_late(target: Target) -> bool:
    """Whether a create may land after its sender gave up: it can be withstood, or the saga claims to."""
    return target.operation.resource.survives_late or target.irreversible


def only_surviving_late(target: Target) -> str | None:
    """A create that lands late needs a tombstone or a repeat that finds it."""
    if target.operation.verb is Verb.CREATE and not may_land_late(target):
        if target.operation.resource.own and not target.operation.resource.tombstones:
            return "the resource declares tombstones = false, so no saga could hold"
        return "the resource declares neither delete_by_saga nor repeats, so no saga could hold"
    return never_queries(target)


def only_actions_with_parts(target: Target) -> str | None:
    """A part that no query lists must be removed by saga or completed by a repeat."""
    if target.direction is not Direction.ACTION or target.operation.verb is not Verb.CREATE:
        return "only a create has parts"
    if target.operation.resource.kind is not None:
        return "it is done whole or not at all"
    if target.operation.resource.own:
        return "the service is your own, and nobody outside it can apply a part of a request"
    if not may_land_late(target):
        return (
            "queries do not list a part, and it cannot be undone by saga or completed, so no saga could hold"
        )
    return None


def only_without_order(target: Target) -> str | None:
    """No message overtakes another where the bus keeps their order."""
    if order_of(target.operation) is Keeping.KEY:
        return "the bus keeps the order of a saga's messages"
    return None


def _answers_with_body(target: Target) -> bool:
    resource = target.operation.resource
    if resource.undo_answers is UndoAnswers.ACCEPTED or resource.kind is not None:
        return True
    if resource.answers.undone is not None:
        return resource.answers.undone != HTTPStatus.NO_CONTENT
    return any(route.method == "POST" for route in resource.routes[target.operation.verb])
