"""Every request and its answer, as a table: what a history holds of each call.

Owns the columns, and how bodies and headers are told: in full on demand, or in a line where they are short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from harness.history import Call, ExecutorEnded, History
from reports.rows import Row, RowKind, effect_words, request
from reports.words import seconds

MOST_CALLS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call. answer: what its sender saw. facts: (name, value), those that are there.

    sent, got: parameters, headers and body of the request and of the answer; empty where nothing was kept.
    """

    number: int
    t_s: float
    who: str
    request: str
    answer: str
    facts: tuple[tuple[str, str], ...] = ()
    sent: str = ""
    got: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one executor of a saga came back with. detail: JSON, as the saga gave it."""

    saga_id: str
    executor: int
    words: str
    detail: str = ""


def exchanges(
    history: History, every: Sequence[Row], most: int = MOST_CALLS
) -> tuple[tuple[Exchange, ...], int]:
    """The first so many, and how many there are. every: all rows of the history."""
    told = {row.index: row for row in every if row.kind is RowKind.CALL}
    shown = history.calls[:most]
    made = tuple(
        Exchange(
            number=number,
            t_s=call.sent.t_s,
            who=told[call.index].who,
            request=request(call),
            answer=told[call.index].came,
            facts=tuple((name, value) for name, value in _facts(call) if value),
            sent=_held(history, call, request=True),
            got=_held(history, call, request=False),
        )
        for number, call in enumerate(shown, start=1)
    )
    return made, len(history.calls)


def _held(history: History, call: Call, *, request: bool) -> str:
    """Line by line: parameters, headers, the body."""
    contents = history.contents.get(call.sent.call)
    message = None if contents is None else contents.request if request else contents.answer
    if message is None:
        return ""
    lines = [f"?{name}={value}" for name, value in message.query.items()]
    lines += [f"{name}: {value}" for name, value in message.headers.items()]
    if message.body is not None:
        lines.append(message.body if isinstance(message.body, str) else _pretty(message.body))
    if message.bytes is not None:
        kept = "no text" if message.body is None else "cut here"
        lines.append(f"({message.bytes:,} bytes, {kept})")
    unseen = not request and call.answered is None
    return "\n".join([*(["(its caller never saw this)"] if unseen and lines else ()), *lines])


def _facts(call: Call) -> list[tuple[str, str]]:
    sent, answered = call.sent, call.answered
    waited = "" if call.end_s is None else seconds(call.end_s - sent.t_s)
    struck = [fault.kind for fault in call.faults if fault.participant is None]
    again = max(0, len(call.deliveries) - 1)
    shows = answered.lists if answered is not None else None
    return [
        ("operation", f"{sent.operation} #{sent.nth}" if sent.operation else "no route serves it"),
        ("idempotency key", sent.key or ""),
        ("resource", sent.resource_id or ""),
        ("fault", ", ".join(dict.fromkeys(struck))),
        ("delivered again", f"{again} times" if again > 1 else "once" if again else ""),
        ("effect", ", ".join(effect_words(effect) for _, effect in call.effects)),
        ("answered after", waited),
        ("lists", "nothing" if shows is not None and not shows else ", ".join(shows or ())),
        ("body", "same key, another body" if call.conflict else ""),
    ]


def said(history: History) -> tuple[Said, ...]:
    """How each executor ended, in its own words."""
    return tuple(
        Said(
            saga_id=event.saga_id,
            executor=event.executor,
            words=_words(event),
            detail="" if event.detail is None else _pretty(event.detail),
        )
        for _, event in history.of(ExecutorEnded)
    )


def _words(event: ExecutorEnded) -> str:
    if event.timed_out:
        return "It did not come back." + (f" {event.problem}" if event.problem else "")
    if event.status is None:
        return event.problem or ("It was cancelled." if event.cancelled else "Nothing came back.")
    return f"{event.status}" + (f"; {event.problem}" if event.problem else "")


def _pretty(detail: object) -> str:
    return msgspec.json.format(msgspec.json.encode(detail), indent=2).decode()
