"""What a reply told: to its caller, and so to whoever judges what the caller could know."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from harness.faults.in_flight import InFlightCall
from harness.history import CallAnswered
from harness.participant import Response, Verb
from harness.plan.decision import Decision

GARBAGE = b"\x00<<garbage>>"

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")

_CLOCKS = ("date", "age")
"""Headers of the user's own services that differ from run to run although the same was said."""

UNSEEN = 599
"""The status of an answer that the caller must never see: a symptom stands in its way."""


def as_answered(decision: Decision, response: Response) -> Response:
    """The participant's reply, or what the fault makes of it."""
    if decision.answer is not None:
        return decision.answer
    if decision.garble and response.body:
        return Response(status=response.status, body=GARBAGE, headers=response.headers)
    return response


def answer_event(
    now_s: float, in_flight: InFlightCall, response: Response, saga_ids: Iterable[str] = ()
) -> CallAnswered:
    """The event of a whole reply that reached a caller who still waited.

    saga_ids: those of the run, which make no difference to what the reply said.
    """
    matched = in_flight.matched
    lists = None
    if matched is not None and matched.operation.verb.queries:
        good = 200 <= response.status < 300
        several = matched.operation.verb is Verb.FIND
        answers = matched.operation.resource.answers
        lists = answers.ids_in(response.body, several=several) if good else ()
    return CallAnswered(
        t_s=now_s,
        call=in_flight.call,
        status=response.status,
        content=_content(response, saga_ids),
        readable=response.body != GARBAGE,
        retry_after_s=_retry_after_s(response),
        lists=lists,
        shows=_shown(in_flight, lists),
    )


def _retry_after_s(response: Response) -> float | None:
    """How long a caller is asked to wait; a date, by a clock that is not ours, holds nobody to anything."""
    said = next((value for name, value in response.headers if name.lower() == "retry-after"), "").strip()
    return float(said) if _SECONDS.fullmatch(said) else None


def _content(response: Response, saga_ids: Iterable[str]) -> str:
    headers = [f"{name}: {value}".encode() for name, value in response.headers if name.lower() not in _CLOCKS]
    if not (response.body or headers):
        return ""
    text = b"\n".join([*headers, response.body])
    for id_ in saga_ids:
        text = text.replace(id_.encode(), b"*")
    return hashlib.blake2b(text, digest_size=6).hexdigest()


def _shown(in_flight: InFlightCall, lists: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if lists is None or in_flight.matched is None:
        return None
    if lists and in_flight.progress.shows is not None:
        return in_flight.progress.shows
    operation = in_flight.matched.operation
    made = (in_flight.participant.owner_of(operation, id_) for id_ in lists)
    return tuple(dict.fromkeys(one.step for one in made if one is not None and one.step is not None))
