"""The door of the participants: identifies each call, asks the plan what strikes it, records it all.

One door serves all participants of one run. A world calls it at fixed moments (a request was sent,
reached the participant, was answered, failed) and moves the bytes itself. The door knows no clock
but the recorder's, and no socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.faults.engine import FaultEngine, Strike
from harness.faults.limits import only_actions_found_again
from harness.faults.owner import Attribution
from harness.history import (
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    FaultFired,
    Held,
    KeyConflict,
    Recorder,
    Released,
)
from harness.participant import Effect, Owner, Reply, Request, Response, RestParticipant, Verb
from harness.participant.resource import Matched
from harness.plan.treatment import PASS, Delivery, Symptom, Treatment
from harness.plan.types import Target
from harness.saga import Claim, Direction, SagaSpec, StepKind

GARBAGE = b"\x00<<garbage>>"

UNSEEN = 599
"""The status of an answer that the caller must never see: a symptom stands in its way."""


@dataclass(slots=True, kw_only=True)
class Passage:
    """One call on its way. `reply` is what the participant answered, once it did."""

    call: int
    participant: RestParticipant
    request: Request
    matched: Matched | None
    owner: Owner
    treatment: Treatment
    strike: Strike | None = None
    steps: tuple[str, ...] = ()
    direction: Direction | None = None
    reply: Response | None = None
    deliveries: int = 0
    over: bool = False
    receipted: bool = False


class Door:
    """All participants of one run, with the plan that strikes them."""

    def __init__(
        self,
        *,
        spec: SagaSpec,
        participants: Mapping[str, RestParticipant],
        engine: FaultEngine,
        recorder: Recorder,
        saga_ids: tuple[str, ...],
    ) -> None:
        self.participants = participants
        self.recorder = recorder
        self.engine = engine
        self._attribution = Attribution(spec, saga_ids)
        self._uncounted = frozenset(
            step.name
            for step in spec.steps
            if step.compensation is None and step.kind is StepKind.COMPENSABLE
        )
        self._claims = spec.claims
        self._held: list[Passage] = []
        self._due: list[Passage] = []
        self.calls = 0

    # The moments of a call --------------------------------------------------------------------

    def send(self, executor: int, participant: str, request: Request, *, endless: bool = False) -> Passage:
        """A saga sent a request: identify it, choose its treatment, record both."""
        passage = self._identify(participant, request)
        self._record_sent(executor, passage, endless=endless)
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
        self._trigger_retry(passage)
        if copy or passage.reply is not None:
            return reply.response
        passage.reply = _as_answered(treatment, reply.response)
        return passage.reply

    def hold(self, passage: Passage) -> None:
        """Keep the request until its trigger comes."""
        self._held.append(passage)
        self.recorder.add(
            Held(t_s=self.recorder.now_s(), call=passage.call, until=passage.treatment.delivery)
        )

    def answered(self, passage: Passage, response: Response) -> None:
        """The whole reply reached a caller that still waited."""
        if passage.over:
            return
        passage.over = True
        self.recorder.add(_answered(self.recorder.now_s(), passage, response))
        self.engine.ended(passage.participant.name, passage.matched)
        self._trigger_undo(passage, response)

    def failed(
        self, passage: Passage, symptom: Symptom, *, abandoned: bool = False, broken_off: bool = False
    ) -> None:
        """The caller saw no whole reply."""
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
            )
        )
        self.engine.ended(passage.participant.name, passage.matched)

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
        target = Target(operation=passage.matched.operation, direction=passage.direction)
        return only_actions_found_again(target) is None

    # Held requests ----------------------------------------------------------------------------

    def take_due(self) -> list[Passage]:
        """Held requests whose trigger has come; the world delivers them now."""
        due, self._due = self._due, []
        return due

    def heal(self) -> list[Passage]:
        """Every fault ends; returns what was held and may land. What may not is dropped."""
        self.engine.heal()
        held, self._held = self._held, []
        return [passage for passage in held if self._release(passage, settling=True)]

    def _release(self, passage: Passage, *, settling: bool = False) -> bool:
        dropped = settling and not _may_land(passage)
        self.recorder.add(Released(t_s=self.recorder.now_s(), call=passage.call, dropped=dropped))
        if not dropped:
            passage.treatment = PASS
        return not dropped

    def _trigger(self, until: Delivery, sagas: str, steps: tuple[str, ...]) -> None:
        for passage in [one for one in self._held if one.treatment.delivery is until]:
            mine = passage.owner.saga_id == sagas and (not steps or set(passage.steps) & set(steps))
            if mine:
                self._held.remove(passage)
                self._release(passage)
                self._due.append(passage)

    def _trigger_retry(self, passage: Passage) -> None:
        if not self._held or passage.matched is None:
            return
        for held in [one for one in self._held if one.treatment.delivery is Delivery.AFTER_RETRY]:
            same = held.matched is not None and held.matched.operation is passage.matched.operation
            if same and held.owner == passage.owner and held is not passage:
                self._held.remove(held)
                self._release(held)
                self._due.append(held)

    def _trigger_undo(self, passage: Passage, response: Response) -> None:
        if not self._held or passage.direction is not Direction.COMPENSATION:
            return
        acknowledged = 200 <= response.status < 300 and response.status != 202
        if acknowledged or response.status in (404, 410):
            self._trigger(Delivery.AFTER_UNDO, passage.owner.saga_id, passage.steps)

    # Identification ---------------------------------------------------------------------------

    def _identify(self, name: str, request: Request) -> Passage:
        participant = self.participants[name]
        matched = participant.router.match(request.method, request.path)
        owned = self._attribution.of(participant, matched, request)
        self.calls += 1
        passage = Passage(
            call=self.calls,
            participant=participant,
            request=request,
            matched=matched,
            owner=owned.owner,
            treatment=PASS,
            steps=owned.steps,
            direction=owned.direction,
        )
        passage.strike = self.engine.strike(matched, owned.direction, participant.name)
        if passage.strike is not None:
            passage.treatment = passage.strike.treatment
        return passage

    def _record_sent(self, executor: int, passage: Passage, *, endless: bool) -> None:
        matched, participant = passage.matched, passage.participant
        operation = matched.operation if matched is not None else None
        heeds = operation is not None and participant.heeds_key(operation, passage.request)
        self.recorder.add(
            CallSent(
                t_s=self.recorder.now_s(),
                call=passage.call,
                executor=executor,
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
            assert isinstance(effect, Effect)
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


def _as_answered(treatment: Treatment, response: Response) -> Response:
    if treatment.answer is not None:
        return treatment.answer
    if treatment.garble and response.body:
        return Response(status=response.status, body=GARBAGE, headers=response.headers)
    return response


def _may_land(passage: Passage) -> bool:
    matched = passage.matched
    if matched is None or matched.operation.verb is not Verb.CREATE:
        return True
    return matched.operation.resource.survives_late


def _answered(now_s: float, passage: Passage, response: Response) -> CallAnswered:
    matched = passage.matched
    retry_after = dict(response.headers).get("retry-after")
    lists = _listed(response) if matched is not None and matched.operation.verb.queries else None
    return CallAnswered(
        t_s=now_s,
        call=passage.call,
        status=response.status,
        readable=response.body != GARBAGE,
        retry_after_s=float(retry_after) if retry_after is not None else None,
        lists=lists,
        shows=_shown(passage, lists),
    )


def _shown(passage: Passage, lists: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if lists is None or passage.matched is None:
        return None
    operation = passage.matched.operation
    made = (
        passage.participant.ledger.latest(f"{operation.participant}.{operation.resource.name}", id_)
        for id_ in lists
    )
    return tuple(dict.fromkeys(one.step for one in made if one is not None and one.step is not None))


def _listed(response: Response) -> tuple[str, ...]:
    content = Request(method="GET", path="/", query={}, headers={}, body=response.body).fields()
    items = content.get("items", [content] if "id" in content else [])
    if not isinstance(items, list):
        return ()
    return tuple(str(item["id"]) for item in items if isinstance(item, dict) and "id" in item)
