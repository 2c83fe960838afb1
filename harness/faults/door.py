"""The door of the participants: identifies each call, asks the plan what strikes it, records it all.

One door serves all participants of one run. A world calls it at fixed moments (a request was sent,
reached the participant, was answered, failed) and moves the bytes itself. The door knows no clock
but the recorder's, and no socket.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.blows import Blow, Boundary
from harness.errors import ScenarioError
from harness.faults.answers import UNSEEN, answer_event, as_answered
from harness.faults.engine import FaultEngine, Strike
from harness.faults.held import HeldRequests
from harness.faults.limits import only_actions_found_again
from harness.faults.owner import Attribution
from harness.faults.passage import Passage
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
from harness.plan.treatment import PASS, SWALLOWED, Delivery, Symptom
from harness.saga import Claim, SagaSpec, StepKind


class OfAnEarlierRun(Exception):  # noqa: N818 - no error, and never a user's to see
    """The call names a saga that was judged already: it is none of this run, and is answered by nobody."""


class Door:
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
        self._impending: dict[int, Passage] = {}
        self.calls = 0

    @property
    def broken(self) -> ScenarioError | None:
        """Why the scenario's own word on whose a call is could not be had."""
        return self._attribution.broken

    # The moments of a call --------------------------------------------------------------------

    def send(self, executor: int, participant: str, request: Request, *, endless: bool = False) -> Passage:
        """A saga sent a request: identify it, choose its treatment, record both. Raises OfAnEarlierRun."""
        passage = self._identify(executor, participant, request)
        self._record_sent(passage, endless=endless)
        return passage

    def deliver(self, passage: Passage, *, copy: bool = False) -> Response:
        """Hand the request, or a copy of it, to its participant, and record what that changed.

        Returns the answer as the participant, or the fault in its place, gives it.
        """
        treatment = passage.treatment
        if treatment.delivery is Delivery.NEVER:
            passage.reply = treatment.answer or Response(status=UNSEEN)
            return passage.reply
        self.recorder.add(Delivered(t_s=self.recorder.now_s(), call=passage.call, copy=passage.deliveries))
        passage.deliveries += 1
        reply = self._handle(passage)
        self._record_effects(passage, reply)
        self._held.delivered(passage)
        if copy or passage.reply is not None:
            return reply.response
        passage.reply = as_answered(treatment, reply.response)
        return passage.reply

    def answered(self, passage: Passage, response: Response) -> None:
        """The whole reply reached a caller that still waited."""
        if passage.over:
            return
        passage.over = True
        self.recorder.add(answer_event(self.recorder.now_s(), passage, response, self._saga_ids))
        if passage.treatment.boundary in (Boundary.ANSWERED, Boundary.ENDED):
            self._impending.setdefault(passage.executor, passage)
        self.engine.ended(passage.matched, passage.saga)
        self._held.answered(passage, response)

    def failed(
        self,
        passage: Passage,
        symptom: Symptom,
        *,
        abandoned: bool = False,
        broken_off: bool = False,
        unsure: bool = False,
    ) -> None:
        """The caller saw no whole reply. `unsure`: it may have left earlier than now."""
        if passage.over:
            return
        passage.over = True
        self.recorder.add(
            CallFailed(
                t_s=self.recorder.now_s(),
                call=passage.call,
                symptom=symptom,
                abandoned=abandoned,
                broken_off=broken_off,
                unsure=unsure,
            )
        )
        self.engine.ended(passage.matched, passage.saga)

    def receipt(self, passage: Passage, toxic: str | None = None, kind: str | None = None) -> None:
        """The fault struck; on the wire once its toxic is armed. `kind` where it came to another one."""
        strike = passage.strike
        if strike is not None and not passage.receipted:
            passage.receipted = True
            self._fired(passage, strike.fault, kind or strike.kind, toxic)

    def accident(self, passage: Passage, kind: str, toxic: str | None) -> None:
        """A call was struck while a toxic was armed for another."""
        self._fired(passage, None, kind, toxic)

    def _fired(self, passage: Passage, fault: int | None, kind: str, toxic: str | None) -> None:
        self.recorder.add(
            FaultFired(t_s=self.recorder.now_s(), call=passage.call, fault=fault, kind=kind, toxic=toxic)
        )

    def may_lose_reply(self, passage: Passage) -> bool:
        """Whether the reply to a call may be lost: the saga claims it, and could hold (RULES §5, §6)."""
        if passage.matched is None or Claim.LOST_REPLY not in self._claims:
            return False
        target = self.engine.target(passage.matched.operation, passage.direction)
        return only_actions_found_again(target) is None

    def saga_number(self, saga_id: str) -> int | None:
        """From 1, in the order of their starts; None for a saga that is none of the run."""
        return self._numbers.get(saga_id)

    # Blows ------------------------------------------------------------------------------------

    def impending(self, executor: int, *, ended: bool = False) -> Passage | None:
        """The answered call whose blow strikes now: the executor has sent its next request, or has ended."""
        passage = self._impending.get(executor)
        if passage is None or (passage.treatment.boundary is Boundary.ENDED and not ended):
            return None
        return self._impending.pop(executor)

    def strike_executor(self, passage: Passage, blow: Blow) -> None:
        """The blow of a call falls on the executor that sent it: record both, once it has fallen."""
        self.recorder.add(
            ExecutorStruck(
                t_s=self.recorder.now_s(),
                executor=passage.executor,
                saga_id=passage.owner.saga_id,
                call=passage.call,
                blow=blow,
                boundary=passage.treatment.boundary,
            )
        )
        self.receipt(passage)

    def strike_between(self, executor: int, passage: Passage | None, saga_id: str, strike: Strike) -> None:
        """A process fault was injected between two calls of an executor: after one, or before its first."""
        call = 0 if passage is None else passage.call
        blow = strike.treatment.blow
        assert blow is not None
        now_s = self.recorder.now_s()
        self.recorder.add(
            ExecutorStruck(
                t_s=now_s,
                executor=executor,
                saga_id=saga_id,
                call=call,
                blow=blow,
                boundary=strike.treatment.boundary,
            )
        )
        self.recorder.add(FaultFired(t_s=now_s, call=call, fault=strike.fault, kind=strike.kind))

    def swallow(self, passage: Passage) -> None:
        """The request that an executor sent just as it was struck reaches nobody."""
        passage.treatment = SWALLOWED

    def restarted(self) -> None:
        """The saga's process is about to come back: faults that last until then are over."""
        self.engine.restarted()

    # Held requests ----------------------------------------------------------------------------

    def hold(self, passage: Passage) -> None:
        """Keep the request until its trigger comes."""
        self._held.hold(passage)

    def take_due(self) -> list[Passage]:
        """Held requests whose trigger has come; the world delivers them now."""
        return self._held.take_due()

    def heal(self) -> list[Passage]:
        """Every fault ends; returns what was held and may land. What may not is dropped."""
        self.engine.heal()
        return self._held.heal()

    # Identification ---------------------------------------------------------------------------

    def _identify(self, executor: int, name: str, request: Request) -> Passage:
        participant = self.participants[name]
        matched = participant.match(request)
        owned = self._attribution.of(participant, matched, request)
        if self._attribution.of_an_earlier_run(owned):
            raise OfAnEarlierRun
        self.calls += 1
        passage = Passage(
            call=self.calls,
            executor=executor,
            participant=participant,
            request=request,
            matched=matched,
            owner=owned.owner,
            treatment=PASS,
            steps=owned.steps,
            direction=owned.direction,
            saga=self._numbers.get(owned.owner.saga_id),
        )
        operation = matched.operation if matched is not None else None
        passage.strike = self.engine.strike(matched, owned.direction, participant.name, passage.saga)
        passage.nth = self.engine.counted(operation)
        passage.nth_of_saga = self.engine.counted_of(operation, passage.saga)
        if passage.strike is not None:
            passage.treatment = passage.strike.treatment
        return passage

    def _record_sent(self, passage: Passage, *, endless: bool) -> None:
        matched, participant = passage.matched, passage.participant
        operation = matched.operation if matched is not None else None
        heeds = operation is not None and participant.heeds_key(operation, passage.request)
        self.recorder.add(
            CallSent(
                t_s=self.recorder.now_s(),
                call=passage.call,
                executor=passage.executor,
                saga_id=passage.owner.saga_id,
                participant=participant.name,
                operation=operation.name if operation is not None else None,
                nth=self.engine.counted(operation),
                method=passage.request.method,
                path=passage.request.path,
                steps=passage.steps,
                direction=passage.direction,
                resource_id=matched.id if matched is not None else None,
                key=participant.key_of(passage.request),
                heeds_key=heeds,
                endless=endless,
            )
        )

    # Handling ---------------------------------------------------------------------------------

    def _handle(self, passage: Passage) -> Reply:
        matched = passage.matched
        if matched is None:
            error = f"no route {passage.request.method} {passage.request.path} at {passage.participant.name}"
            return Reply(response=Response.of(404, {"error": error}))
        return passage.participant.handle(
            matched.operation, matched.id, passage.request, passage.owner, part=passage.treatment.part
        )

    def _record_effects(self, passage: Passage, reply: Reply) -> None:
        now_s = self.recorder.now_s()
        for effect in reply.effects:
            self.recorder.add(
                EffectApplied(
                    t_s=now_s,
                    call=passage.call,
                    change=effect.change,
                    resource=effect.resource,
                    incarnation=effect.incarnation,
                    saga_id=effect.saga_id,
                    step=effect.step,
                    counts=effect.step not in self._uncounted,
                )
            )
        if reply.key_conflict:
            key = passage.participant.key_of(passage.request) or ""
            self.recorder.add(KeyConflict(t_s=now_s, call=passage.call, key=key))
