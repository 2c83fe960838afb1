"""Whose each call of a run is: the operation, the step and the saga that it was taken for (RULES §2).

Owns what is said of a call that could be placed, and of one that could not. Refuses to place calls: the
fault injector did, and its history says how.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from harness.conformance.checks import Check, note
from harness.history import CallSent, History
from harness.saga import Direction
from harness.scenario import Scenario

_MOST = 40
"""Calls that are listed; the rest is counted."""

_CORRELATION = "send saga_id in the body or the query, or say where it stands: [saga.correlation]"


def placement(scenario: Scenario, history: History) -> Iterator[Check]:
    """A line for each call, in the order in which they were sent; what could not be placed is not good."""
    sent = [event for _, event in history.of(CallSent)]
    if not sent:
        yield note("it sent no request to any participant")
    for event in sent[:_MOST]:
        yield _placed(scenario, history.began.saga_ids, event)
    if len(sent) > _MOST:
        yield note(f"and {len(sent) - _MOST} calls more")
    printed = [line for line in history.printed.splitlines() if line.strip()]
    if printed:
        yield note(
            f"it printed {len(printed)} line{'s' if len(printed) > 1 else ''}, {printed[0]!r} the first"
        )


def _placed(scenario: Scenario, saga_ids: tuple[str, ...], event: CallSent) -> Check:
    call = f"{event.method} {event.path}"
    if event.operation is None:
        return Check(
            good=False,
            sentence=f"{call} matches no route of {event.participant}",
            remedy=_meant(scenario, event),
        )
    if event.saga_id not in saga_ids:
        named = f"names saga {event.saga_id!r}, which was not started" if event.saga_id else "names no saga"
        return Check(good=False, sentence=f"{call}: {event.operation}; it {named}", remedy=_CORRELATION)
    return note(f"{call}: {event.operation}, {_role(event)}")


def _role(event: CallSent) -> str:
    steps = ", ".join(event.steps)
    if not steps:
        return "of no step"
    if event.direction is None:
        return f"asks about step {steps}"
    return f"{'action' if event.direction is Direction.ACTION else 'undo'} of step {steps}"


def _meant(scenario: Scenario, event: CallSent) -> str:
    routes = {
        f"{route.method} {route.path}": None
        for participant in scenario.participants
        if participant.name == event.participant
        for resource in participant.resources
        for routes_of_verb in resource.routes.values()
        for route in routes_of_verb
    }
    close = get_close_matches(f"{event.method} {event.path}", routes, n=1, cutoff=0.5)
    known = ", ".join(routes)
    return f"did you mean {close[0]}? It has {known}" if close else f"it has {known}"
