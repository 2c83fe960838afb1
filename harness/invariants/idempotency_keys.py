"""KEY: one key for each saga, step and direction, the same on every retry, never shared."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import Call
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Direction
from harness.views import SagaView, View

_Owner = tuple[str, tuple[str, ...], Direction | None]


class KeyMisused(InvariantViolated):
    """A key is missing, changed between attempts, shared, or came with another body."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    mine: dict[_Owner, Call] = {}
    for call in saga.calls:
        if not call.sent.heeds_key or not call.sent.steps:
            continue
        yield from _missing(call)
        first = mine.setdefault(_owner(call), call)
        if _over_between(view, first, call):
            mine[_owner(call)] = first = call
        yield from _changed(first, call)
        if call.conflict:
            yield Finding(f"key {call.sent.key!r} came again with another body", (call.index,))
    yield from _shared(view, saga)


def _over_between(view: View, first: Call, call: Call) -> bool:
    """Whether what the first one made was over by itself: its key is answered as before, another is due."""
    if call.sent.direction is not Direction.ACTION:
        return False
    took_effect = (index for index, _ in call.effects)
    arrived = next(took_effect, call.index)
    made = [one for step in call.sent.steps for one in view.ledger.of(call.saga_id, step)]
    return any(first.index < one.made and one.over_before(arrived) for one in made)


def _missing(call: Call) -> Iterator[Finding]:
    if call.sent.key is None:
        where = f"{call.sent.method} {call.sent.path}"
        yield Finding(f"{where} carries no key: a repeated delivery would double it", (call.index,))


def _changed(first: Call, call: Call) -> Iterator[Finding]:
    if call.sent.key is not None and first.sent.key not in (None, call.sent.key):
        step = ", ".join(call.sent.steps)
        message = f"step {step} came with key {call.sent.key!r}, and before with {first.sent.key!r}"
        yield Finding(message, (first.index, call.index))


def _shared(view: View, saga: SagaView) -> Iterator[Finding]:
    owners: dict[str, Call] = {}
    for call in view.history.calls:
        if not call.sent.heeds_key or call.sent.key is None or not call.sent.steps:
            continue
        first = owners.setdefault(call.sent.key, call)
        if not (_same_owner(first, call) or _one_step(saga, first, call)) and saga.saga_id in (
            first.saga_id,
            call.saga_id,
        ):
            whose = [
                f" of saga {one.saga_id}" if first.saga_id != call.saga_id else "" for one in (first, call)
            ]
            names = f"{_name(first)}{whose[0]} and {_name(call)}{whose[1]}"
            message = f"key {call.sent.key!r} is shared by {names}"
            yield Finding(message, (first.index, call.index))


def _owner(call: Call) -> _Owner:
    return call.saga_id, call.sent.steps, call.sent.direction


def _same_owner(first: Call, other: Call) -> bool:
    """An undo by id and one by saga are of the same owner where they share a step."""
    same = first.saga_id == other.saga_id and first.sent.direction is other.sent.direction
    return same and bool(set(first.sent.steps) & set(other.sent.steps))


def _one_step(saga: SagaView, first: Call, other: Call) -> bool:
    """Calls of one step at different participants, each of which keeps its own keys."""
    same = first.saga_id == other.saga_id and first.sent.direction is other.sent.direction
    known = saga.spec.by_name
    wholes = [{known[one].whole for one in call.sent.steps if one in known} for call in (first, other)]
    return same and first.sent.participant != other.sent.participant and wholes[0] == wholes[1]


def _name(call: Call) -> str:
    return f"the {call.sent.direction} of {', '.join(call.sent.steps)}"


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return any(call.sent.heeds_key and call.sent.steps for call in saga.calls)


INVARIANT = Invariant(
    id="idempotency_keys",
    says="Each saga, step and direction has one key, the same for every attempt, shared with no other.",
    error=KeyMisused,
    finds=_finds,
    exercised=_exercised,
    at_end=False,
)
