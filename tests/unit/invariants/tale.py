"""Histories written by hand, one line a call, and judged on the spot."""

from __future__ import annotations

from harness.history import (
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    FaultFired,
    History,
    KeyConflict,
    Lapsed,
    ParticipantAway,
    Phase,
    PhaseBegan,
    RunBegan,
)
from harness.history.events import AnyEvent
from harness.invariants import INVARIANTS, Judgement, Verdict, lifecycle_events
from harness.participant import Change, Repeats, ResourceSpec, Route, Verb
from harness.plan.decision import Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Direction, Json, SagaPolicy, SagaSpec, Step, StepKind
from harness.views import SagaView, View

ACTION, COMPENSATION = Direction.ACTION, Direction.COMPENSATION

_ROUTES = {
    Verb.CREATE: "POST /{0}s",
    Verb.DELETE: "DELETE /{0}s/{{id}}",
    Verb.DELETE_BY_SAGA: "DELETE /{0}s",
    Verb.FIND: "GET /{0}s",
}


_VERBS = {ACTION: Verb.CREATE, COMPENSATION: Verb.DELETE, None: Verb.FIND}


def resource(name: str, *verbs: Verb, repeats: Repeats = Repeats.KEY) -> ResourceSpec:
    routes = {verb: (Route.parse(_ROUTES[verb].format(name), name),) for verb in verbs or tuple(_ROUTES)}
    return ResourceSpec(name=name, routes=routes, repeats=repeats)


def step(name: str, kind: StepKind = StepKind.COMPENSABLE, *, undo: bool = True, **more: object) -> Step:
    undone = undo and kind is StepKind.COMPENSABLE
    compensation = f"shop.{name}.delete_by_saga" if undone else None
    return Step(
        name=name,
        action=f"shop.{name}.create",
        compensation=compensation,
        kind=kind,
        **more,  # type: ignore[arg-type]
    )


HOLD, CHARGE = step("hold"), step("charge")
PARCEL = step("parcel", StepKind.PIVOT)
NOTE = step("note", StepKind.RETRIABLE)


def spec(*steps: Step, **policy: object) -> SagaSpec:
    return SagaSpec(name="tale", steps=steps or (HOLD, CHARGE), policy=SagaPolicy(**policy))  # type: ignore[arg-type]


class Tale:
    """What happened, told in order. Each call takes 10 ms; between calls pass `gap_s`."""

    def __init__(
        self,
        told: SagaSpec | None = None,
        *,
        resources: tuple[ResourceSpec, ...] = (),
        sagas: tuple[str, ...] = ("saga-1",),
        visible_attempts: bool = True,
        gap_s: float = 0.1,
    ) -> None:
        self.spec = told or spec()
        self.resources = {f"shop.{one.name}": resource(one.name) for one in self.spec.steps}
        self.resources |= {f"shop.{one.name}": one for one in resources}
        self.now_s = 0.0
        self.gap_s = gap_s
        self.events: list[AnyEvent] = [
            RunBegan(
                t_s=0.0,
                scenario="tale",
                world="sim",
                saga_ids=sagas,
                input=None,
                visible_attempts=visible_attempts,
            ),
            PhaseBegan(t_s=0.0, phase=Phase.FAULTS),
        ]
        self._calls: list[CallSent] = []
        self._made: dict[str, int] = {}

    # Calls ------------------------------------------------------------------------------------

    def act(self, name: str, came: int | Symptom | None = 201, **more: object) -> int:
        """An attempt of an action; applied where it was answered by 2xx, or where `applied` says so."""
        return self._call((name,), ACTION, came, **more)  # type: ignore[arg-type]

    def undo(self, *names: str, came: int | Symptom | None = 204, **more: object) -> int:
        """An attempt of an undo, by saga where it names several steps."""
        return self._call(names, COMPENSATION, came, **more)  # type: ignore[arg-type]

    def ask(
        self,
        *names: str,
        came: int | Symptom | None = 200,
        lists: tuple[str, ...] = (),
        fault: str | None = None,
    ) -> int:
        """A query, and the ids that its answer shows."""
        told: dict[str, object] = (
            {}
            if isinstance(came, Symptom)
            else {"lists": lists, "shows": tuple(id_.rpartition("-")[0] for id_ in lists)}
        )
        return self._call(names, None, came, fault=fault, **told)  # type: ignore[arg-type]

    def _call(
        self,
        names: tuple[str, ...],
        direction: Direction | None,
        came: int | Symptom | None,
        *,
        applied: bool | None = None,
        saga: str = "saga-1",
        key: str | None = "",
        heeds_key: bool = True,
        executor: int = 1,
        copies: int = 0,
        endless: bool = False,
        fault: str | None = None,
        participant: str = "shop",
        **ended: object,
    ) -> int:
        self.now_s += self.gap_s
        number = len(self._calls) + 1
        own = f"{saga}:{names[0]}" + (":undo" if direction is COMPENSATION else "") if names else None
        sent = CallSent(
            t_s=self.now_s,
            call=number,
            executor=executor,
            saga_id=saga,
            participant=participant,
            operation=f"shop.{names[0]}.{_VERBS[direction]}" if names else None,
            nth=1,
            method="POST" if direction is ACTION else "DELETE",
            path=f"/{names[0]}s" if names else "/nowhere",
            steps=names,
            direction=direction,
            key=own if key == "" else key,
            heeds_key=heeds_key and direction is not None,
            endless=endless,
        )
        self._calls.append(sent)
        self.events.append(sent)
        if fault is not None:
            self._add(FaultFired(t_s=self.now_s, call=number, fault=0, kind=fault))
        good = isinstance(came, int) and 200 <= came < 300 and came != 202
        if came is not Symptom.REFUSED:
            for copy in range(copies + 1):
                self.deliver(number, copy)
        if direction is not None and (good if applied is None else applied):
            self.land(number)
        if came is not None:
            self.now_s += 0.01
            self.came(number, came, **ended)
        return number

    def deliver(self, call: int, copy: int = 0) -> None:
        self._add(Delivered(t_s=self.now_s, call=call, copy=copy))

    def land(
        self,
        call: int,
        change: Change | None = None,
        *,
        step: str = "",
        number: int = 0,
        counts: bool = True,
        owner: str = "",
    ) -> None:
        """An effect: a creation for an action, a removal of each step's newest for an undo."""
        sent = self._calls[call - 1]
        for name in (step,) if step else sent.steps:
            made = sent.direction is ACTION and change in (None, Change.CREATED, Change.PART)
            if made:
                self._made[name] = self._made.get(name, 0) + 1
            if not self._made.get(name):
                continue
            self._add(
                EffectApplied(
                    t_s=self.now_s,
                    call=call,
                    change=change or (Change.CREATED if made else Change.REMOVED),
                    resource=f"shop.{name}",
                    incarnation=number or self._made[name],
                    saga_id=owner or sent.saga_id,
                    step=name,
                    counts=counts,
                )
            )

    def came(self, call: int, what: int | Symptom, **more: object) -> None:
        """The end of a call: a status, or what was seen in its place."""
        if isinstance(what, Symptom):
            self._add(CallFailed(t_s=self.now_s, call=call, symptom=what, **more))  # type: ignore[arg-type]
        else:
            self._add(CallAnswered(t_s=self.now_s, call=call, status=what, **more))  # type: ignore[arg-type]

    def conflict(self, call: int) -> None:
        self._add(KeyConflict(t_s=self.now_s, call=call, key=self._calls[call - 1].key or ""))

    def lapse(self, name: str, *, due_s: float) -> None:
        """The newest of a step is over by itself."""
        made = self._made[name]
        self._add(
            Lapsed(
                t_s=self.now_s,
                resource=f"shop.{name}",
                incarnation=made,
                saga_id="saga-1",
                step=name,
                detail="expired",
                due_s=due_s,
            )
        )

    def take_away(self, participant: str = "shop", call: int = 0) -> Tale:
        """Nobody listens there from now on, as only the wire has it; a call that nobody saw met that."""
        self._add(ParticipantAway(t_s=self.now_s, participant=participant, call=call, fault=0, kind="outage"))
        self._add(FaultFired(t_s=self.now_s, call=call, fault=0, kind="outage", participant=participant))
        return self

    # Process faults ------------------------------------------------------------------------------------

    def strike(
        self,
        call: int,
        process_fault: ProcessFault = ProcessFault.CRASH,
        boundary: Boundary = Boundary.APPLIED,
    ) -> Tale:
        """The executor that sent a call is struck at it; where it still waited, it waits no more."""
        sent = self._calls[call - 1]
        if not any(isinstance(one, CallAnswered | CallFailed) and one.call == call for one in self.events):
            self.came(call, Symptom.SILENCE, abandoned=True)
        struck = ExecutorStruck(
            t_s=self.now_s,
            executor=sent.executor,
            saga_id=sent.saga_id,
            call=call,
            process_fault=process_fault,
            boundary=boundary,
        )
        self._add(struck)
        return self

    # Ends -------------------------------------------------------------------------------------

    def end(
        self,
        status: str | None = None,
        *,
        executor: int = 1,
        saga: str = "saga-1",
        problem: str | None = None,
        timed_out: bool = False,
        cancelled: bool = False,
        **detail: Json,
    ) -> Tale:
        """An executor ended. Keywords that are left over are its detail."""
        self._add(ExecutorBegan(t_s=self.now_s, executor=executor, saga_id=saga))
        self._add(
            ExecutorEnded(
                t_s=self.now_s,
                executor=executor,
                saga_id=saga,
                status=status,
                detail=detail or None,
                problem=problem,
                timed_out=timed_out,
                cancelled=cancelled,
            )
        )
        return self

    # What it comes to -------------------------------------------------------------------------

    @property
    def view(self) -> View:
        return View(History(tuple(self.events)), self.spec, self.resources)

    @property
    def saga(self) -> SagaView:
        return self.view.sagas[0]

    def judge(self, invariant: str) -> Judgement:
        asked = lifecycle_events.INVARIANT if invariant == "lifecycle_events" else INVARIANTS[invariant]
        return asked.judge(self.view)

    def held(self, invariant: str) -> bool:
        judged = self.judge(invariant)
        assert judged.verdict in (Verdict.HELD, Verdict.VIOLATED), "not exercised"
        return judged.verdict is Verdict.HELD

    def not_exercised(self, invariant: str) -> bool:
        return self.judge(invariant).verdict is Verdict.NOT_EXERCISED

    def violation(self, invariant: str) -> str:
        """The message; the evidence must name events that are there."""
        judged = self.judge(invariant)
        assert judged.verdict is Verdict.VIOLATED, judged
        assert all(0 <= index < len(self.events) for index in judged.evidence)
        return judged.message

    def _add(self, event: AnyEvent) -> None:
        self.events.append(event)
