"""The fault injector: identifies each call, asks the plan what strikes it, and records it all.

One fault injector serves all participants of one run. A world calls it at fixed moments (a request was sent,
reached the participant, was answered, failed) and moves the bytes itself. The fault injector knows no clock
but the recorder's, and no socket.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.errors import ScenarioError
from harness.faults.answers import UNSEEN, answer_event, as_answered
from harness.faults.engine import FaultEngine, FaultMatch
from harness.faults.held import HeldRequests
from harness.faults.in_flight import InFlightCall
from harness.faults.limits import only_actions_found_again
from harness.faults.owner import Attribution
from harness.history import (
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    ExecutorStruck,
    FaultFired,
    KeyConflict,
    Recorder,
)
from harness.participant import Participant, Reply, Request, Response, Whose
from harness.plan.decision import PASS, SWALLOWED, Delivery, Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Claim, SagaSpec, StepKind


class OfAnEarlierRun(Exception):  # noqa: N818 - no error, and never a user's to see
    """The call names a saga that was judged already: it is none of this run, and is answered by nobody."""


class FaultInjector:
    """All participants of one run, with the plan that strikes them.

    earlier: ids of sagas whose runs are over. whose: the scenario's own word on whose a call is.
    """

    def __init__(
        self,
        *,
        spec: SagaSpec,
        participants: Mapping[str, Participant],
        engine: FaultEngine,
        recorder: Recorder,
        saga_ids: tuple[str, ...],
        earlier: Collection[str] = frozenset(),
        whose: Whose | None = None,
    ) -> None:
        self.participants = participants
        self.recorder = recorder
        self.engine = engine
        self._attribution = Attribution(spec, saga_ids, earlier, whose)
        self._saga_ids = saga_ids
        self._numbers = {id_: number for number, id_ in enumerate(saga_ids, 1)}
        self._uncounted = frozenset(
            step.name
            for step in spec.steps
            if step.compensation is None
            and step.kind is StepKind.COMPENSABLE
            and (spec.pivot is None or spec.pivot.name not in spec.ancestors[step.name])
        )
        self._claims = spec.claims
        self._held = HeldRequests(recorder, engine.target)
        self._impending: dict[int, InFlightCall] = {}
        self.calls = 0

    @property
    def broken(self) -> ScenarioError | None:
        """Why the scenario's own word on whose a call is could not be had."""
        return self._attribution.broken

    # The moments of a call --------------------------------------------------------------------

    def send(
        self, executor: int, participant: str, request: Request, *, endless: bool = False
    ) -> InFlightCall:
        """A saga sent a request: identify it, choose its decision, record both. Raises OfAnEarlierRun."""
        in_flight = self._identify(executor, participant, request)
        self._record_sent(in_flight, endless=endless)
        return in_flight

    def deliver(self, in_flight: InFlightCall, *, copy: bool = False) -> Response:
        """Hand the request, or a copy of it, to its participant, and record what that changed.

        Returns the answer as the participant, or the fault in its place, gives it.
        """
        decision = in_flight.decision
        if decision.delivery is Delivery.NEVER:
            in_flight.reply = decision.answer or Response(status=UNSEEN)
            return in_flight.reply
        self.recorder.add(
            Delivered(t_s=self.recorder.now_s(), call=in_flight.call, copy=in_flight.deliveries)
        )
        in_flight.deliveries += 1
        reply = self._handle(in_flight)
        self._record_effects(in_flight, reply)
        self._held.delivered(in_flight)
        if copy or in_flight.reply is not None:
            return reply.response
        in_flight.reply = as_answered(decision, reply.response)
        return in_flight.reply

    def answered(self, in_flight: InFlightCall, response: Response) -> None:
        """The whole reply reached a caller that still waited."""
        if in_flight.over:
            return
        in_flight.over = True
        self.recorder.add(answer_event(self.recorder.now_s(), in_flight, response, self._saga_ids))
        if in_flight.decision.boundary in (Boundary.ANSWERED, Boundary.ENDED):
            self._impending.setdefault(in_flight.executor, in_flight)
        self.engine.ended(in_flight.matched, in_flight.saga)
        self._held.answered(in_flight, response)

    def failed(
        self,
        in_flight: InFlightCall,
        symptom: Symptom,
        *,
        abandoned: bool = False,
        broken_off: bool = False,
        unsure: bool = False,
    ) -> None:
        """The caller saw no whole reply. `unsure`: it may have left earlier than now."""
        if in_flight.over:
            return
        in_flight.over = True
        self.recorder.add(
            CallFailed(
                t_s=self.recorder.now_s(),
                call=in_flight.call,
                symptom=symptom,
                abandoned=abandoned,
                broken_off=broken_off,
                unsure=unsure,
            )
        )
        self.engine.ended(in_flight.matched, in_flight.saga)

    def receipt(self, in_flight: InFlightCall, toxic: str | None = None, kind: str | None = None) -> None:
        """The fault struck; on the wire once its toxic is armed. `kind` where it came to another one."""
        strike = in_flight.strike
        if strike is not None and not in_flight.receipted:
            in_flight.receipted = True
            self._fired(in_flight, strike.fault, kind or strike.kind, toxic)

    def collateral(self, in_flight: InFlightCall, kind: str, toxic: str | None) -> None:
        """A call was struck while a toxic was armed for another."""
        self._fired(in_flight, None, kind, toxic)

    def _fired(self, in_flight: InFlightCall, fault: int | None, kind: str, toxic: str | None) -> None:
        self.recorder.add(
            FaultFired(t_s=self.recorder.now_s(), call=in_flight.call, fault=fault, kind=kind, toxic=toxic)
        )

    def may_lose_reply(self, in_flight: InFlightCall) -> bool:
        """Whether the reply to a call may be lost: the saga claims it, and could hold (RULES §5, §6)."""
        if in_flight.matched is None or Claim.LOST_REPLY not in self._claims:
            return False
        target = self.engine.target(in_flight.matched.operation, in_flight.direction)
        return only_actions_found_again(target) is None

    def saga_number(self, saga_id: str) -> int | None:
        """From 1, in the order of their starts; None for a saga that is none of the run."""
        return self._numbers.get(saga_id)

    # Process faults ------------------------------------------------------------------------------------

    def impending(self, executor: int, *, ended: bool = False) -> InFlightCall | None:
        """The answered call whose process fault strikes now: its executor sent the next request, or ended."""
        in_flight = self._impending.get(executor)
        if in_flight is None or (in_flight.decision.boundary is Boundary.ENDED and not ended):
            return None
        return self._impending.pop(executor)

    def strike_executor(self, in_flight: InFlightCall, process_fault: ProcessFault) -> None:
        """The process fault of a call falls on the executor that sent it: record both, once it has fallen."""
        self.recorder.add(
            ExecutorStruck(
                t_s=self.recorder.now_s(),
                executor=in_flight.executor,
                saga_id=in_flight.owner.saga_id,
                call=in_flight.call,
                process_fault=process_fault,
                boundary=in_flight.decision.boundary,
            )
        )
        self.receipt(in_flight)

    def strike_between(
        self, executor: int, in_flight: InFlightCall | None, saga_id: str, strike: FaultMatch
    ) -> None:
        """A process fault was injected between two calls of an executor: after one, or before its first."""
        call = 0 if in_flight is None else in_flight.call
        process_fault = strike.decision.process_fault
        assert process_fault is not None
        now_s = self.recorder.now_s()
        self.recorder.add(
            ExecutorStruck(
                t_s=now_s,
                executor=executor,
                saga_id=saga_id,
                call=call,
                process_fault=process_fault,
                boundary=strike.decision.boundary,
            )
        )
        self.recorder.add(FaultFired(t_s=now_s, call=call, fault=strike.fault, kind=strike.kind))

    def swallow(self, in_flight: InFlightCall) -> None:
        """The request that an executor sent just as it was struck reaches nobody."""
        in_flight.decision = SWALLOWED

    def restarted(self) -> None:
        """The saga's process is about to come back: faults that last until then are over."""
        self.engine.restarted()

    # Held requests ----------------------------------------------------------------------------

    def hold(self, in_flight: InFlightCall) -> None:
        """Keep the request until its trigger comes."""
        self._held.hold(in_flight)

    def take_due(self) -> list[InFlightCall]:
        """Held requests whose trigger has come; the world delivers them now."""
        return self._held.take_due()

    def heal(self) -> list[InFlightCall]:
        """Every fault ends; returns what was held and may land. What may not is dropped."""
        self.engine.heal()
        return self._held.heal()

    # Identification ---------------------------------------------------------------------------

    def _identify(self, executor: int, name: str, request: Request) -> InFlightCall:
        participant = self.participants[name]
        matched = participant.match(request)
        owned = self._attribution.of(participant, matched, request)
        if self._attribution.of_an_earlier_run(owned):
            raise OfAnEarlierRun
        self.calls += 1
        in_flight = InFlightCall(
            call=self.calls,
            executor=executor,
            participant=participant,
            request=request,
            matched=matched,
            owner=owned.owner,
            decision=PASS,
            steps=owned.steps,
            direction=owned.direction,
            saga=self._numbers.get(owned.owner.saga_id),
        )
        operation = matched.operation if matched is not None else None
        in_flight.strike = self.engine.strike(matched, owned.direction, participant.name, in_flight.saga)
        in_flight.nth = self.engine.counted(operation)
        in_flight.nth_of_saga = self.engine.counted_of(operation, in_flight.saga)
        if in_flight.strike is not None:
            in_flight.decision = in_flight.strike.decision
        return in_flight

    def _record_sent(self, in_flight: InFlightCall, *, endless: bool) -> None:
        matched, participant = in_flight.matched, in_flight.participant
        operation = matched.operation if matched is not None else None
        heeds = operation is not None and participant.heeds_key(operation, in_flight.request)
        self.recorder.add(
            CallSent(
                t_s=self.recorder.now_s(),
                call=in_flight.call,
                executor=in_flight.executor,
                saga_id=in_flight.owner.saga_id,
                participant=participant.name,
                operation=operation.name if operation is not None else None,
                nth=self.engine.counted(operation),
                method=in_flight.request.method,
                path=in_flight.request.path,
                steps=in_flight.steps,
                direction=in_flight.direction,
                resource_id=matched.id if matched is not None else None,
                key=participant.key_of(in_flight.request),
                heeds_key=heeds,
                endless=endless,
            )
        )

    # Handling ---------------------------------------------------------------------------------

    def _handle(self, in_flight: InFlightCall) -> Reply:
        matched = in_flight.matched
        if matched is None:
            request = in_flight.request
            error = f"no route {request.method} {request.path} at {in_flight.participant.name}"
            return Reply(response=Response.of(404, {"error": error}))
        return in_flight.participant.handle(
            matched.operation, matched.id, in_flight.request, in_flight.owner, part=in_flight.decision.part
        )

    def _record_effects(self, in_flight: InFlightCall, reply: Reply) -> None:
        now_s = self.recorder.now_s()
        for effect in reply.effects:
            self.recorder.add(
                EffectApplied(
                    t_s=now_s,
                    call=in_flight.call,
                    change=effect.change,
                    resource=effect.resource,
                    incarnation=effect.incarnation,
                    saga_id=effect.saga_id,
                    step=effect.step,
                    counts=effect.step not in self._uncounted,
                )
            )
        if reply.key_conflict:
            key = in_flight.participant.key_of(in_flight.request) or ""
            self.recorder.add(KeyConflict(t_s=now_s, call=in_flight.call, key=key))
