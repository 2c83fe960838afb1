"""A world without time: takes requests to an injector one after the other, and shows what came of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from harness.faults import KINDS
from harness.faults.engine import FaultEngine
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.history import EffectApplied, History, Phase, PhaseBegan, Recorder, RunBegan
from harness.participant import Request, Response, RestParticipant, Whose
from harness.plan import Fault, FaultPlan
from harness.plan.decision import Copy, Symptom
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

    in_flight: InFlightCall
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
    """Participants, a fault injector in front of them, and a clock that ticks once a call."""

    def __init__(
        self,
        spec: SagaSpec,
        *participants: RestParticipant,
        faults: tuple[Fault, ...] = (),
        saga_ids: tuple[str, ...] = ("saga-1",),
        left_in_doubt: frozenset[str] = frozenset(),
        earlier: frozenset[str] = frozenset(),
        whose: Whose | None = None,
        certain: bool = True,
    ) -> None:
        self.now_s = 0.0
        self.certain = certain
        self.recorder = Recorder(lambda: self.now_s)
        self.recorder.add(RunBegan(t_s=0.0, scenario="counter", world="sim", saga_ids=saga_ids, input=None))
        self.recorder.add(PhaseBegan(t_s=0.0, phase=Phase.FAULTS))
        self.participants = {one.name: one for one in participants}
        self.injector = FaultInjector(
            spec=spec,
            participants=self.participants,
            engine=FaultEngine(FaultPlan(faults), KINDS, left_in_doubt),
            recorder=self.recorder,
            saga_ids=saga_ids,
            earlier=earlier,
            whose=whose,
            certain=certain,
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
        in_flight = self.injector.send(executor, at, sent)
        self.now_s += 1
        came = self._carry(in_flight)
        self._land_due()
        return came

    def settle(self) -> list[InFlightCall]:
        """Heal, and let land what may."""
        landed = self.injector.heal()
        for in_flight in landed:
            self.injector.deliver(in_flight)
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

    def _carry(self, in_flight: InFlightCall) -> Came:
        decision = in_flight.decision
        if decision.symptom is Symptom.REFUSED:
            return self._failed(in_flight)
        if decision.delivery.held:
            self.injector.hold(in_flight)
            return self._failed(in_flight)
        response = self.injector.deliver_with_copies(in_flight)
        if decision.copy is Copy.AFTER_REPLY:
            self.injector.deliver(in_flight, copy=True)
        if decision.symptom in (Symptom.NONE, Symptom.DELAYED):
            self.injector.answered(in_flight, response)
            return Came(in_flight=in_flight, response=response)
        return self._failed(in_flight)

    def _failed(self, in_flight: InFlightCall) -> Came:
        silent = self.certain and in_flight.decision.symptom is Symptom.SILENCE
        if silent and not in_flight.decision.delivery.held:
            self.injector.judge.waited_in_vain(in_flight)
        self.injector.failed(in_flight, in_flight.decision.symptom)
        return Came(in_flight=in_flight, symptom=in_flight.decision.symptom)

    def _land_due(self) -> None:
        for in_flight in self.injector.take_due():
            self.injector.deliver(in_flight)
