"""A saga of handlers as a scenario: on a bus called `events`, choreographed or by commands and replies.

Owns what such scenarios of the documents have in common. Refuses to handle events (`choreography`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.adapter.handlers import Handler, handlers_saga
from harness.bus import Bus, Promise
from harness.participant import Participant
from harness.saga import Claim, Json, SagaSpec, Status
from harness.scenario import Scenario

_BUS = "events"


def choreographed_scenario(  # noqa: PLR0913 - by name, and each is another part of the scenario
    name: str,
    handlers: Mapping[str, Handler],
    summary: str,
    *,
    spec: SagaSpec,
    starts: str,
    outcome: Mapping[str, Status],
    events: tuple[str, ...],
    participants: tuple[Participant, ...],
    inputs: tuple[Json, ...],
    source: Path,
    replies: tuple[str, ...] = (),
    promise: Promise | None = None,
    holds: bool = True,
) -> Scenario:
    """participants: those beside the bus. source: the module of the handlers. replies: events that are some.

    promise: of the bus, where it is not the usual one.
    """
    saga = handlers_saga(
        handlers,
        bus=_BUS,
        starts=starts,
        outcome=outcome,
        name=name,
        durable=Claim.PROCESS_DEATH in spec.claims,
        replies=replies,
    )
    return Scenario(
        name=name,
        reference=name,
        summary=summary,
        spec=spec,
        participants=(*participants, Bus(_BUS, events, promise=promise)),
        saga=saga,
        inputs=inputs,
        holds=holds,
        sources=(source, Path(__file__).parent / "choreography.py"),
    )
