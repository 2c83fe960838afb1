"""A world without time: takes requests to a door one after the other, and shows what came of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from harness.faults import KINDS
from harness.faults.door import Door
from harness.faults.engine import FaultEngine
from harness.faults.passage import Passage
from harness.history import EffectApplied, History, Phase, PhaseBegan, Recorder, RunBegan
from harness.participant import Request, Response, RestParticipant, Whose
from harness.plan import Fault, FaultPlan
from harness.plan.treatment import Copy, Symptom
from harness.saga import SagaSpec


def request(
    method: str,
    target: str,
    fields: Mapping[str, object] | None = None,
    *,
    key: str = "",
    headers: Mapping[str, str] | None = None,
) -> Request:
    parts = urlsplit(target)
    return Request(
        method=method,
        path=parts.path,
        query=dict(parse_qsl(parts.query)),
        headers={**({"idempotency-key": key} if key else {}), **(headers or {})},
        body=b"" if fields is None else json.dumps(fields).encode(),
    )


@dataclass(slots=True, kw_only=True)
class Came:
    """What the caller saw, and what the call was taken for."""

    passage: Passage
    response: Response | None = None
    symptom: Symptom = Symptom.NONE

    @property
    def status(self) -> int | None:
        return None if self.response is None else self.response.status

    @property
    def content(self) -> dict[str, object]:
        assert self.response is not None
        return json.loads(self.response.body or b"{}")  # type: ignore[no-any-return]


class Counter:
    """Participants, a door in front of them, and a clock that ticks once a call."""

    def __init__(
        self,
        spec: SagaSpec,
        *participants: RestParticipant,
        faults: tuple[Fault, ...] = (),
        saga_ids: tuple[str, ...] = ("saga-1",),
        left_in_doubt: frozenset[str] = frozenset(),
        earlier: frozenset[str] = frozenset(),
        whose: Whose | None = None,
    ) -> None:
        self.now_s = 0.0
        self.recorder = Recorder(lambda: self.now_s)
        self.recorder.add(RunBegan(t_s=0.0, scenario="counter", world="sim", saga_ids=saga_ids, input=None))
        self.recorder.add(PhaseBegan(t_s=0.0, phase=Phase.FAULTS))
        self.participants = {one.name: one for one in participants}
        self.door = Door(
            spec=spec,
            participants=self.participants,
            engine=FaultEngine(FaultPlan(faults), KINDS, left_in_doubt),
            recorder=self.recorder,
            saga_ids=saga_ids,
            earlier=earlier,
            whose=whose,
        )

    def ask(
        self,
        at: str,
        method: str,
        target: str,
        fields: Mapping[str, object] | None = None,
        *,
        key: str = "",
        headers: Mapping[str, str] | None = None,
        executor: int = 1,
    ) -> Came:
        """One call, from the caller's hand and back."""
        sent = request(method, target, fields, key=key, headers=headers)
        passage = self.door.send(executor, at, sent)
        self.now_s += 1
        came = self._carry(passage)
        self._land_due()
        return came

    def settle(self) -> list[Passage]:
        """Heal, and let land what may."""
        landed = self.door.heal()
        for passage in landed:
            self._land(passage)
        return landed

    def effects(self, call: int | None = None) -> list[str]:
        """What changed, and of which step."""
        return [
            f"{event.change} {event.step}"
            for event in self.recorder.events
            if isinstance(event, EffectApplied) and call in (None, event.call)
        ]

    @property
    def history(self) -> History:
        return self.recorder.history()

    def _carry(self, passage: Passage) -> Came:
        treatment = passage.treatment
        if treatment.symptom is Symptom.REFUSED:
            return self._failed(passage)
        if treatment.delivery.held:
            self.door.hold(passage)
            return self._failed(passage)
        if treatment.copy is Copy.CONCURRENT:
            self.door.deliver(passage, copy=True)
        response = self.door.deliver(passage)
        if treatment.copy in (Copy.AT_ONCE, Copy.AFTER_REPLY):
            self.door.deliver(passage, copy=True)
        self.door.receipt(passage)
        if treatment.symptom in (Symptom.NONE, Symptom.DELAYED):
            self.door.answered(passage, response)
            return Came(passage=passage, response=response)
        return self._failed(passage)

    def _failed(self, passage: Passage) -> Came:
        if not passage.treatment.delivery.held:
            self.door.receipt(passage)
        self.door.failed(passage, passage.treatment.symptom)
        return Came(passage=passage, symptom=passage.treatment.symptom)

    def _land_due(self) -> None:
        for passage in self.door.take_due():
            self._land(passage)

    def _land(self, passage: Passage) -> None:
        self.door.deliver(passage)
        self.door.receipt(passage)
