"""The fault injector: identifies each call, asks the plan what strikes it, and records it all.

One fault injector serves all participants of one run. A world calls it at fixed moments (a request was sent,
reached the participant, was answered, failed) and moves the bytes itself. The fault injector knows no clock
but the recorder's, and no socket.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from harness.bus import Bus
from harness.cloudevents import CloudEvent
from harness.errors import ScenarioError
from harness.faults.answers import UNSEEN, answer_event, as_answered
from harness.faults.engine import FaultEngine
from harness.faults.held import HeldRequests
from harness.faults.identification import Identification
from harness.faults.in_flight import InFlightCall
from harness.faults.judge import FaultJudge
from harness.faults.owner import Attribution
from harness.faults.progress import CallerState, FaultState, RequestState
from harness.faults.saga_names import SagaNames
from harness.history import (
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    HeldOtherwise,
    KeyConflict,
    Lapsed,
    Recorder,
)
from harness.participant import (
    Incarnation,
    OwnService,
    Participant,
    Reply,
    Request,
    Response,
    RestParticipant,
    Whose,
)
from harness.participant.state import PRECONDITION_FAILED
from harness.plan.decision import Copy, Decision, Delay, Delivery, Symptom
from harness.process_faults import Boundary
from harness.saga import SagaSpec

# Read for every call: an enum's member costs more to look up.
_RELEASED, _LANDED, _DELIVERED = RequestState.RELEASED, RequestState.LANDED, RequestState.DELIVERED
_ANSWERED = CallerState.ANSWERED


class FaultInjector:
    """All participants of one run, with the plan that strikes them.

    earlier: ids of sagas whose runs are over. whose: the scenario's own word on whose a call is.
    on_published: hears of each event that a bus accepted. certain: see `FaultJudge`; the rest of what a
    world reports of symptoms goes to `judge` itself.
    """

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the run
        self,
        *,
        spec: SagaSpec,
        participants: Mapping[str, Participant],
        engine: FaultEngine,
        recorder: Recorder,
        saga_ids: tuple[str, ...],
        earlier: Collection[str] = frozenset(),
        whose: Whose | None = None,
        certain: bool = True,
    ) -> None:
        self.participants = participants
        self.recorder = recorder
        self.engine = engine
        self.judge = FaultJudge(recorder, certain=certain)
        self._identification = Identification(
            spec, engine, saga_ids, Attribution(spec, saga_ids, earlier, whose)
        )
        self._saga_ids = saga_ids
        self._uncounted = spec.uncounted
        self._held = HeldRequests(recorder, engine.target)
        self._impending: dict[int, InFlightCall] = {}
        self.on_published: Callable[[InFlightCall, CloudEvent], None] | None = None

    @property
    def calls(self) -> int:
        """How many there were so far."""
        return self._identification.calls

    @property
    def names(self) -> SagaNames:
        """What the ids in calls stand for; whoever starts a saga tells those that a service makes."""
        return self._identification.names

    @property
    def broken(self) -> ScenarioError | None:
        """Why the scenario's own word on whose a call is could not be had."""
        return self._identification.broken

    # The moments of a call --------------------------------------------------------------------

    def send(
        self,
        executor: int,
        participant: str,
        request: Request,
        *,
        endless: bool = False,
        spares: Callable[[int], bool] | None = None,
        too_late: Callable[[Delay], bool] | None = None,
    ) -> InFlightCall:
        """A saga sent a request: identify it, choose its decision, record both. Raises OfAnEarlierRun.

        spares: whether the world has shown a fault of the plan already, so that it strikes no more. too_late:
        whether a reply with a delay would find that its caller has left.
        """
        in_flight = self._identification.of(
            executor, self.participants[participant], request, spares=spares, too_late=too_late
        )
        self._record_sent(in_flight, endless=endless)
        self.recorder.kept.sent(in_flight.call, request)
        return in_flight

    def deliver(self, in_flight: InFlightCall, *, copy: bool = False) -> Response:
        """Hand the request, or a copy of it, to its participant, and record what that changed.

        Returns the answer as the participant, or the fault in its place, gives it.
        """
        progress, course = in_flight.progress, in_flight.course
        if course.delivery is Delivery.NEVER:
            if progress.request is not RequestState.SWALLOWED:
                progress.request_is(RequestState.LOST)
            progress.reply = course.answer or Response(status=UNSEEN)
            return progress.reply
        self.recorder.add(Delivered(t_s=self.recorder.now_s(), call=in_flight.call, copy=progress.deliveries))
        progress.deliveries += 1
        progress.request_is(_LANDED if progress.request is _RELEASED else _DELIVERED)
        reply = self._handle(in_flight, course)
        self._record_effects(in_flight, reply)
        self._held.delivered(in_flight)
        if copy or progress.reply is not None:
            response = reply.response
        else:
            response = progress.reply = as_answered(course, reply.response)
            progress.shows = reply.shows
            self.recorder.kept.answered(in_flight.call, response)
        self.judge.delivered(in_flight, course)
        return response

    def hand_over(self, in_flight: InFlightCall) -> int:
        """A message, or a copy of it, reaches its handler; returns how many of them did before."""
        progress, copy = in_flight.progress, in_flight.progress.deliveries
        self.recorder.add(Delivered(t_s=self.recorder.now_s(), call=in_flight.call, copy=copy))
        progress.deliveries += 1
        if not copy:
            progress.request_is(_DELIVERED)
        return copy

    def deliver_with_copies(self, in_flight: InFlightCall) -> Response:
        """The same, with those copies that come before the reply.

        A copy that came first and was applied leaves the original an If-Match that is out of date. The caller
        learns of the copy then: 412 would say that nothing was applied.
        """
        copy = in_flight.course.copy
        first = self.deliver(in_flight, copy=True) if copy is Copy.CONCURRENT else None
        response = self.deliver(in_flight)
        if first is not None and first.status < 300 and response.status == PRECONDITION_FAILED:
            response = in_flight.progress.reply = first
            self.recorder.kept.answered(in_flight.call, response)
        if copy is Copy.AT_ONCE:
            self.deliver(in_flight, copy=True)
        return response

    def answered(self, in_flight: InFlightCall, response: Response) -> None:
        """The whole reply reached a caller that still waited."""
        if in_flight.progress.over:
            return
        self.recorder.kept.answered(in_flight.call, response)
        self.judge.answered(in_flight, response)
        in_flight.progress.caller_is(_ANSWERED)
        self.recorder.add(answer_event(self.recorder.now_s(), in_flight, response, self._saga_ids))
        if in_flight.course.boundary in (Boundary.ANSWERED, Boundary.ENDED):
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
        late: bool = False,
    ) -> None:
        """The caller saw no whole reply. unsure, late: see `CallFailed`."""
        if in_flight.progress.over:
            return
        self.judge.failed(in_flight, symptom, abandoned=abandoned, broken_off=broken_off)
        in_flight.progress.caller_is(CallerState.FAILED)
        self.recorder.add(
            CallFailed(
                t_s=self.recorder.now_s(),
                call=in_flight.call,
                symptom=symptom,
                abandoned=abandoned,
                broken_off=broken_off,
                unsure=unsure,
                late=late,
            )
        )
        self.engine.ended(in_flight.matched, in_flight.saga)

    def may_lose_reply(self, in_flight: InFlightCall) -> bool:
        """Whether the reply to a call may be lost: the saga claims it, and could hold (RULES §5, §6)."""
        return self._identification.may_lose_reply(in_flight.matched, in_flight.direction)

    def saga_number(self, saga_id: str) -> int | None:
        """From 1, in the order of their starts; None for a saga that is none of the run."""
        return self._identification.saga_number(saga_id)

    # Process faults ---------------------------------------------------------------------------

    def impending(self, executor: int, *, ended: bool = False) -> InFlightCall | None:
        """The answered call whose process fault strikes now: its executor sent the next request, or ended."""
        in_flight = self._impending.get(executor)
        if in_flight is None or (in_flight.decision.boundary is Boundary.ENDED and not ended):
            return None
        return self._impending.pop(executor)

    def swallow(self, in_flight: InFlightCall) -> None:
        """The request that an executor sent just as it was struck reaches nobody."""
        in_flight.progress.request_is(RequestState.SWALLOWED)

    def spare(self, in_flight: InFlightCall) -> None:
        """The process fault of a call, or that which swallowed it, strikes nobody: it is like any other."""
        progress = in_flight.progress
        if progress.request is RequestState.SWALLOWED:
            progress.request_is(RequestState.SENT)
        if progress.fault is FaultState.PENDING:
            progress.fault_is(FaultState.SPARED)

    def restarted(self) -> None:
        """The saga's process is about to come back: faults that last until then are over."""
        self.engine.restarted()

    def held_otherwise(self, one: Incarnation, *, held: bool, says: str) -> None:
        """A service of the user's, asked what it holds, contradicted its own answers."""
        self.recorder.add(
            HeldOtherwise(
                t_s=self.recorder.now_s(),
                resource=one.resource,
                incarnation=one.number,
                saga_id=one.saga_id,
                step=one.step,
                held=held,
                says=says,
                counts=one.step not in self._uncounted,
            )
        )

    def lapse(self, participant: Participant, now_s: float | None) -> None:
        """Record what is over by itself at one. now_s: None: what would be in the end."""
        if isinstance(participant, RestParticipant):
            for one in participant.lapse(now_s):
                self.recorder.add(
                    Lapsed(
                        t_s=self.recorder.now_s(),
                        resource=one.resource,
                        incarnation=one.incarnation,
                        saga_id=one.saga_id,
                        step=one.step,
                        detail=one.detail,
                        due_s=one.due_s,
                        could_be_kept=one.could_be_kept,
                    )
                )

    def over(self) -> None:
        """No request comes any more: what lapses by itself does."""
        for participant in self.participants.values():
            self.lapse(participant, None)

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

    # Recording --------------------------------------------------------------------------------

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
                nth=in_flight.nth,
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

    def _handle(self, in_flight: InFlightCall, course: Decision) -> Reply:
        matched = in_flight.matched
        if matched is None:
            request = in_flight.request
            if isinstance(in_flight.participant, OwnService):
                return Reply(response=in_flight.participant.forwarded(request))
            if isinstance(in_flight.participant, Bus):
                return Reply(response=in_flight.participant.refusal(request))
            error = f"no route {request.method} {request.path} at {in_flight.participant.name}"
            return Reply(response=Response.of(404, {"error": error}))
        self.lapse(in_flight.participant, self.recorder.now_s())
        return in_flight.participant.handle(
            matched.operation, matched.id, in_flight.request, in_flight.owner, part=course.part
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
                    detail=effect.detail or msgspec.UNSET,
                    amount=msgspec.UNSET if effect.amount is None else effect.amount,
                    counts=effect.step not in self._uncounted,
                )
            )
        if reply.published is not None and self.on_published is not None:
            self.on_published(in_flight, reply.published)
        if reply.key_conflict:
            key = in_flight.participant.key_of(in_flight.request) or ""
            self.recorder.add(KeyConflict(t_s=now_s, call=in_flight.call, key=key))
