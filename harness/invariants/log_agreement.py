"""LOG: the saga's own log matches the calls that the participants saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.invariants.backing import backed, must_be_told
from harness.invariants.base import Finding, Invariant, InvariantViolated
from harness.saga import Direction, Json, Status
from harness.views import SagaView, View

_WORDS = {"done": Direction.ACTION, "undone": Direction.COMPENSATION}


class LogDisagrees(InvariantViolated):
    """The log says what nobody acknowledged, or leaves out what somebody did."""


def _finds(view: View, saga: SagaView) -> Iterator[Finding]:
    entries = saga.folded(_entries)
    if entries is None:
        return
    at = view.evidence(saga.ended)
    for step, word in entries:
        if not all(backed(saga, call, _WORDS[word]) for call in saga.spec.calls_named(step)):
            yield Finding(f"the log says {step} {word}, and nobody acknowledged that", at)
    yield from _left_out(saga, entries, at)


def _entries(saga: SagaView) -> list[tuple[str, str]] | None:
    """What the log says of declared steps in words that mean something here; None where nothing is left."""
    detail = saga.ended.detail if saga.ended is not None else None
    log = detail.get("log") if isinstance(detail, Mapping) else None
    if not isinstance(log, list | tuple):
        return None
    return [pair for entry in log if (pair := _pair(saga, entry)) is not None] or None


def _pair(saga: SagaView, entry: Json) -> tuple[str, str] | None:
    if isinstance(entry, list | tuple) and len(entry) == 2:
        step, word = entry
        texts = isinstance(step, str) and isinstance(word, str)
        if texts and saga.spec.calls_named(str(step)) and word in _WORDS:
            return str(step), str(word)
    return None


def _left_out(saga: SagaView, entries: list[tuple[str, str]], at: tuple[int, ...]) -> Iterator[Finding]:
    word = {Status.COMPLETED: "done", Status.COMPENSATED: "undone"}.get(saga.status or Status.RUNNING)
    if word is None:
        return
    told = set(entries)
    for step in saga.spec.steps:
        call = must_be_told(saga, step.name, _WORDS[word])
        if call is not None and (step.name, word) not in told and (step.whole, word) not in told:
            yield Finding(
                f"step {step.name} was acknowledged, and the log leaves out that it is {word}",
                (call.index, *at),
            )


def _exercised(view: View, saga: SagaView) -> bool:
    del view
    return saga.folded(_entries) is not None


INVARIANT = Invariant(
    id="log_agreement",
    says="The saga's own log matches the calls that the participants saw.",
    error=LogDisagrees,
    finds=_finds,
    exercised=_exercised,
)
