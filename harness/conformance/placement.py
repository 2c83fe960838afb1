"""Whose each call of a run is: the operation, the step and the saga that it was taken for (RULES §2).

Owns what is said of a call that could be placed, and of one that could not. Refuses to place calls: the
fault injector did, and its history says how.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.conformance.checks import Check, note
from harness.conformance.meant import meant
from harness.history import CallSent, History
from harness.saga import Direction, Step
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
            remedy=meant(scenario.participants, event.participant, event.method, event.path),
        )
    if event.saga_id not in saga_ids:
        named = f"names saga {event.saga_id!r}, which was not started" if event.saga_id else "names no saga"
        return Check(good=False, sentence=f"{call}: {event.operation}; it {named}", remedy=_CORRELATION)
    sharing = scenario.spec.created_by.get(event.operation, ())
    if len(sharing) > 1 and scenario.whose is None and not _names_one(event.key or "", sharing):
        said = f"its key {event.key!r} names none" if event.key else "it has no key"
        key = f"{scenario.spec.policy.key_header}: ID:{sharing[-1].name}"
        names = " and ".join(step.name for step in sharing)
        return Check(
            good=False,
            sentence=f"{call}: {event.operation}, taken for step {', '.join(event.steps)}, and {said}",
            remedy=f"{names} share that route: what follows the first `:` of the key decides, as in {key}",
        )
    return note(f"{call}: {event.operation}, {_role(event)}")


def _names_one(key: str, sharing: Sequence[Step]) -> bool:
    parts = key.split(":")[1:]
    return any(name in parts for step in sharing for name in (step.name, step.whole))


def _role(event: CallSent) -> str:
    steps = ", ".join(event.steps)
    if not steps:
        return "of no step"
    if event.direction is None:
        return f"asks about step {steps}"
    return f"{'action' if event.direction is Direction.ACTION else 'undo'} of step {steps}"
