"""What a saga tells of its own life: in `detail.events`, or by events that it publishes.

Owns which events tell something, and what each of them is held to. In `detail.events` each is an object with
`event` (or `type`), and `step` where it is about one; a published one has its type, and `step` in its data.
Names are read without regard to case, `_`, `-`, `.`, a leading `Saga` of step events, and what stands
before the last dot: `SagaStepCompleted`, `StepCompleted`, `STEP_COMPLETED` and `org.shop.StepCompleted` are
the same. Other events, and steps that are not declared, are ignored. Refuses to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from harness.saga import Json, Status
from harness.views import SagaView
from harness.views.saga import END


class Told(StrEnum):
    """What an event tells. The values are its names, as they are read."""

    STARTED = "sagastarted"
    STEP_STARTED = "stepstarted"
    STEP_COMPLETED = "stepcompleted"
    TURNED_BACK = "compensationstarted"
    STEP_UNDONE = "compensationcompleted"
    COMPLETED = "sagacompleted"
    FAILED = "sagafailed"


_BY_NAME: Mapping[str, Told] = {one.value: one for one in Told}
OF_A_STEP = (Told.STEP_STARTED, Told.STEP_COMPLETED, Told.STEP_UNDONE)
ENDS = {Status.COMPLETED: Told.COMPLETED, Status.COMPENSATED: Told.FAILED, Status.STUCK: Told.FAILED}
END_EVENTS = frozenset(ENDS.values())


class ToldEvent(NamedTuple):
    """evidence: where it stands in the history, if it does. sent: what came before that makes it true."""

    told: Told
    step: str
    name: str
    evidence: tuple[int, ...] = ()
    sent: int = END

    def __str__(self) -> str:
        return f"{self.name} of {self.step}" if self.step else self.name


class Life(NamedTuple):
    """What was told in one way, in order. lost: whether who told it may not know, or not remember, it all.

    ended: how the saga ended, in words. end: the event that has to say so. silent: whether nobody need say
    it. published: else by `detail.events`.
    """

    events: list[ToldEvent]
    ended: str
    end: Told | None
    lost: bool = False
    silent: bool = False
    published: bool = False


def lives(saga: SagaView) -> tuple[Life, ...]:
    """Those in which anything is told."""
    return tuple(life for life in (_answered(saga), _published(saga)) if life is not None)


# In the answer --------------------------------------------------------------------------------


def _answered(saga: SagaView) -> Life | None:
    detail = saga.ended.detail if saga.ended is not None else None
    told = detail.get("events") if isinstance(detail, Mapping) else None
    if not isinstance(told, list | tuple):
        return None
    events = [event for entry in told if (event := _entry(saga, entry)) is not None]
    if not events:
        return None
    lost = len(saga.ends) > 1 or saga.struck
    return Life(events, f"the saga answered {saga.status}", _end(saga.status), lost)


def _entry(saga: SagaView, entry: Json) -> ToldEvent | None:
    if not isinstance(entry, dict | Mapping):  # a dict first: to ask the other costs ten times as much
        return None
    return _event(saga, entry.get("event", entry.get("type")), entry.get("step"))


# On the bus -----------------------------------------------------------------------------------


def _published(saga: SagaView) -> Life | None:
    """Whoever publishes nothing of it but how the saga ends tells of its end, not of its life."""
    own = [one for _, one in saga.published if one.call]
    if not any(one.end is None and _read(saga, one.type, one.step) for one in own):
        return None
    sent = {call.sent.call: call.index for call in saga.calls}
    events = [
        event
        for index, one in saga.published
        if (event := _event(saga, one.type, one.step, (index,), sent.get(one.call, index))) is not None
    ]
    end = saga.published_end
    status = saga.status if end is None else end
    silent = end is None and status is Status.STUCK  # by a dead letter: of that nobody can tell
    return Life(events, f"the saga ended with {status}", _end(status), silent=silent, published=True)


def _end(status: Status | None) -> Told | None:
    return None if status is None else ENDS.get(status)


# Read -----------------------------------------------------------------------------------------


def _event(
    saga: SagaView, name: object, step: object, evidence: tuple[int, ...] = (), sent: int = END
) -> ToldEvent | None:
    told = _read(saga, name, step)
    if told is None:
        return None
    return ToldEvent(told, str(step) if told in OF_A_STEP else "", str(name), evidence, sent)


def _read(saga: SagaView, name: object, step: object) -> Told | None:
    told = _told(name) if isinstance(name, str) else None
    declared = isinstance(step, str) and bool(saga.spec.calls_named(step))
    return told if told is not None and (told in OF_A_STEP) == declared else None


@lru_cache(maxsize=256)
def _told(name: str) -> Told | None:
    for one in (name, name.rpartition(".")[2]):
        plain = one.replace("_", "").replace("-", "").replace(".", "").lower()
        told = _BY_NAME.get(plain, _BY_NAME.get(plain.removeprefix("saga")))
        if told is not None:
            return told
    return None
