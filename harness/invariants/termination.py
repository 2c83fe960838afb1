"""LIVE: a terminal outcome within a bound after the last fault has healed, and an honest one."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import MessageDead
from harness.invariants.base import Finding, Invariant, InvariantViolated, always
from harness.invariants.causes import blameless, calls_for_a_person
from harness.saga import Status
from harness.views import SagaView, View
from harness.views.saga import END


class NotTerminated(InvariantViolated):
    """No terminal outcome, or a `stuck` without a cause."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    yield from _problems(view, saga)
    yield from _endless(saga)
    if saga.ended is not None and saga.ended.problem is None and saga.status is Status.RUNNING:
        yield Finding("the saga still answers running after everything has healed", view.evidence(saga.ended))
    if saga.ended is None:
        yield Finding("the saga never ended", ())
    yield from _without_cause(view, saga)
    yield from _left_undelivered(view, saga)


def _without_cause(view: View, saga: SagaView) -> Iterator[Finding]:
    for ended in saga.ends:
        (at,) = view.evidence(ended)
        said = _said(saga, at)
        if saga.word(ended) is Status.STUCK and not calls_for_a_person(saga, view.history, said):
            letter = next(_letters(view, saga, said), None)
            evidence = (at,) if letter is None else (*_refusal(saga, letter), at)
            why = "" if letter is None else f": {_blamed(letter)}"
            yield Finding(f"the saga ended stuck, and nothing that it saw called for a person{why}", evidence)


def _said(saga: SagaView, at: int) -> int:
    """When it said how it ended: what it published was its word, and a cause that comes later is none."""
    return next((index for index, one in saga.published if one.end is not None), at)


def _left_undelivered(view: View, saga: SagaView) -> Iterator[Finding]:
    """A dead letter makes it stuck no more once it has published its end, but to refuse it needs a cause.

    Where nobody answered, its process may have been over: that is nobody's refusal.
    """
    ended = saga.ended
    if ended is None or saga.published_end is None or saga.word(ended) is Status.STUCK:
        return
    for letter in _letters(view, saga, END):
        if _answered(saga, letter) and not blameless(saga, letter):
            evidence = (*_refusal(saga, letter), *view.evidence(ended))
            yield Finding(f"{_blamed(letter)}, and nothing that it saw called for that", evidence)


def _letters(view: View, saga: SagaView, before: int) -> Iterator[MessageDead]:
    letters = (one for index, one in view.history.of(MessageDead) if index < before)
    return (one for one in letters if one.saga_id == saga.saga_id)


def _blamed(letter: MessageDead) -> str:
    return f"{letter.type} is a dead letter, for its handler {letter.subscription} refused it to the last"


def _answered(saga: SagaView, letter: MessageDead) -> bool:
    return any(call.answered is not None for call in saga.calls if call.sent.call == letter.call)


def _refusal(saga: SagaView, letter: MessageDead) -> tuple[int, ...]:
    """Where the last delivery of it was refused."""
    last = (call.end for call in saga.calls if call.sent.call == letter.call)
    return tuple(end for end in last if end is not None)


def _problems(view: View, saga: SagaView) -> Iterator[Finding]:
    for ended in saga.ends:
        if ended.problem is not None:
            yield Finding(ended.problem, view.evidence(ended))


def _endless(saga: SagaView) -> Iterator[Finding]:
    for call in saga.calls:
        if call.sent.endless and call.failed is not None and call.failed.broken_off:
            where = f"{call.sent.method} {call.sent.path}"
            yield Finding(
                f"{where} was sent without a time-out and waited until everything healed", (call.index,)
            )


INVARIANT = Invariant(
    id="termination",
    says="The saga ends within a bound after everything has healed, and ends stuck only with a cause.",
    error=NotTerminated,
    finds=_finds,
    exercised=always,
)
