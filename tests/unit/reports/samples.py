"""Small hand-made histories and reports, near enough to real ones to be read by eye."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from harness.history import (
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    FaultFired,
    Held,
    History,
    Phase,
    PhaseBegan,
    Released,
    RunBegan,
    write_history,
)
from harness.history.events import AnyEvent
from harness.participant.ledger import Change
from harness.plan import Fault, FaultPlan, Lasting
from harness.plan.decision import Delivery, Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.report_model import (
    CompensationLatency,
    FailureFile,
    Faults,
    FoundBy,
    Guarantee,
    GuaranteeResult,
    Impossible,
    Invariant,
    LeftOver,
    Proxy,
    Report,
    ScenarioRef,
    ScenarioReport,
    ScenarioVerdict,
    Search,
    SiteCount,
    Situation,
    Tool,
    Verdict,
    write_failure,
)
from harness.saga import Direction
from reports.timeline import timeline

SAGA = "saga-7"
CLAIM = "After a saga that says compensated, nothing that it made is left."
IDS = (
    "no_orphaned_resources",
    "idempotent_actions",
    "idempotent_compensation",
    "complete_compensation",
    "compensation_order",
    "pivot_correctness",
    "truthful_outcome",
    "termination",
    "no_zombie_effects",
    "bounded_retries",
    "isolation",
    "failed_compensation_escalated",
    "log_agreement",
    "idempotency_keys",
)


def sent(call: int, t_s: float, step: str, route: str, *, undo: bool = False, nth: int = 1) -> CallSent:
    method, path = route.split()
    return CallSent(
        t_s=t_s,
        call=call,
        executor=1,
        saga_id=SAGA,
        participant=step,
        operation=f"{step}.{'delete' if undo else 'create'}",
        nth=nth,
        method=method,
        path=path,
        steps=(step,),
        direction=Direction.COMPENSATION if undo else Direction.ACTION,
    )


def effect(call: int, t_s: float, resource: str, change: Change = Change.CREATED) -> EffectApplied:
    return EffectApplied(
        t_s=t_s, call=call, change=change, resource=resource, incarnation=1, saga_id=SAGA, step=None
    )


def lost_charge() -> History:
    """The reply to the charge is lost; the saga undoes the reservation and forgets the charge."""
    events: tuple[AnyEvent, ...] = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={"sku": "A"}),
        PhaseBegan(t_s=0, phase=Phase.FAULTS),
        ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
        sent(1, 0.0, "reserve", "POST /reservations"),
        Delivered(t_s=0.001, call=1),
        effect(1, 0.001, "inventory.reservation"),
        CallAnswered(t_s=0.002, call=1, status=201),
        sent(2, 0.002, "charge", "POST /charges"),
        FaultFired(t_s=0.003, call=2, fault=0, kind="lose_reply"),
        Delivered(t_s=0.003, call=2),
        effect(2, 0.003, "payments.charge"),
        CallFailed(t_s=5.002, call=2, symptom=Symptom.SILENCE),
        sent(3, 5.002, "reserve", "DELETE /reservations/r-1", undo=True),
        effect(3, 5.003, "inventory.reservation", Change.REMOVED),
        CallAnswered(t_s=5.004, call=3, status=204),
        ExecutorEnded(
            t_s=5.004, executor=1, saga_id=SAGA, status="compensated", detail={"error": "charge: no reply"}
        ),
        PhaseBegan(t_s=5.004, phase=Phase.SETTLING),
        PhaseBegan(t_s=5.004, phase=Phase.JUDGING),
    )
    return History(events)


def late_charge() -> History:
    """The charge is held and lands after the saga has undone it; many retries in between."""
    events: list[AnyEvent] = [
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={}),
        ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
        sent(1, 0.0, "charge", "POST /charges"),
        FaultFired(t_s=0.001, call=1, fault=0, kind="late"),
        Held(t_s=0.001, call=1, until=Delivery.AFTER_UNDO),
        CallFailed(t_s=2.0, call=1, symptom=Symptom.SILENCE),
    ]
    for nth in range(1, 31):
        at_s = 2.0 + nth
        events += [
            sent(nth + 1, at_s, "charge", "DELETE /charges", undo=True, nth=nth),
            CallAnswered(t_s=at_s + 0.5, call=nth + 1, status=503 if nth < 30 else 204, retry_after_s=None),
        ]
    events += [
        Released(t_s=33.0, call=1),
        Delivered(t_s=33.0, call=1),
        effect(1, 33.0, "payments.charge"),
        ExecutorEnded(t_s=34.0, executor=1, saga_id=SAGA, status="compensated"),
    ]
    return History(tuple(events))


CRASH = FaultPlan((Fault(kind="crash", operation="payments.charge.create", count=2, variant="applied"),))


def crashed() -> History:
    """The process dies once the charge was applied; what resumes it on another node dies too, on its way."""
    events: tuple[AnyEvent, ...] = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={}),
        PhaseBegan(t_s=0, phase=Phase.FAULTS),
        ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
        sent(1, 0.0, "charge", "POST /charges"),
        Delivered(t_s=0.001, call=1),
        effect(1, 0.001, "payments.charge"),
        CallFailed(t_s=0.001, call=1, symptom=Symptom.SILENCE, abandoned=True),
        _struck(1, 1, 0.001, ProcessFault.MOVE, Boundary.APPLIED),
        FaultFired(t_s=0.001, call=1, fault=0, kind="move"),
        ExecutorBegan(t_s=0.101, executor=2, saga_id=SAGA, resumed=True, node=2),
        replace(sent(2, 0.101, "charge", "DELETE /charges", undo=True), executor=2),
        Delivered(t_s=0.102, call=2),
        CallAnswered(t_s=0.102, call=2, status=204),
        _struck(2, 2, 0.103, ProcessFault.FREEZE, Boundary.ANSWERED),
        FaultFired(t_s=0.103, call=2, fault=1, kind="pause"),
        ExecutorBegan(t_s=0.203, executor=3, saga_id=SAGA, resumed=True, node=2),
        ExecutorEnded(t_s=0.204, executor=3, saga_id=SAGA, status="compensated"),
        ExecutorWoken(t_s=0.204, executor=2, saga_id=SAGA),
        ExecutorEnded(t_s=0.205, executor=2, saga_id=SAGA, cancelled=True),
        FaultFired(t_s=0.205, call=0, fault=2, kind="outage"),
    )
    return History(events)


def _struck(
    executor: int, call: int, t_s: float, process_fault: ProcessFault, boundary: Boundary
) -> ExecutorStruck:
    return ExecutorStruck(
        t_s=t_s, executor=executor, saga_id=SAGA, call=call, process_fault=process_fault, boundary=boundary
    )


LOST_REPLY = FaultPlan((Fault(kind="lose_reply", operation="payments.charge.create"),))


def failure(invariant: str = "no_orphaned_resources", plan: FaultPlan = LOST_REPLY) -> FailureFile:
    evidence = (10, 15)
    return FailureFile(
        tool=Tool(version="0.1.0"),
        scenario=ScenarioRef(name="order", reference="order"),
        world="sim",
        input={"sku": "A"},
        plan=plan,
        saga_id=SAGA,
        invariant=invariant,
        claim=CLAIM,
        message="payments.charge #1 of step charge is left, and the saga says compensated.",
        evidence=evidence,
        timeline=tuple(timeline(lost_charge(), evidence)),
        history="histories/order-1.ndjson",
        search=FoundBy(kind="guided", runs=12),
    )


def failing(name: str = "order", world: str = "sim") -> ScenarioReport:
    violated = {
        "no_orphaned_resources": Invariant(
            id="no_orphaned_resources",
            verdict=Verdict.VIOLATED,
            runs=1204,
            violations=31,
            minimal_faults=1,
            failure="failures/order-sim-no_orphaned_resources.json",
            claim=CLAIM,
            failures=1,
        ),
        "idempotent_actions": Invariant(
            id="idempotent_actions",
            verdict=Verdict.VIOLATED,
            runs=1204,
            violations=2,
            minimal_faults=2,
            failure="failures/order-sim-idempotent_actions.json",
            claim="However often an action is sent, it takes effect at most once.",
            failures=1,
        ),
        "isolation": Invariant(id="isolation", verdict=Verdict.NOT_EXERCISED),
    }
    held = (Invariant(id=id_, verdict=Verdict.HELD, runs=1204) for id_ in IDS)
    return ScenarioReport(
        name=name,
        saga=name,
        world="wire" if world == "wire" else "sim",
        verdict=ScenarioVerdict.FAIL,
        runs=1204,
        search=Search(kind="both", depth=2, complete=False, left_out=318),
        invariants=tuple(violated.get(one.id, one) for one in held),
        faults=Faults(
            planned=2210,
            fired=2102,
            by_kind={"lose_reply": 402, "reject": 1700},
            by_operation=tuple(
                SiteCount(kind=kind, operation=operation, planned=40, fired=(index * 7 + len(kind)) % 37)
                for index, operation in enumerate(
                    ("inventory.reservation.create", "payments.charge.create", "payments.charge.delete")
                )
                for kind in ("refuse", "lose_reply", "error_after", "reject", "throttle", "slow", "late")
                if (kind, operation) != ("late", "payments.charge.delete")
            ),
        ),
        situations=(
            Situation(id="failure_after_pivot", required=True, seen=88),
            Situation(id="in_doubt_pivot", required=False, seen=3),
        ),
        guarantees=(
            Guarantee(
                id="lost_reply",
                claimed=True,
                result=GuaranteeResult.REFUTED,
                failure="failures/order-sim-no_orphaned_resources.json",
            ),
            Guarantee(id="process_death", claimed=False, result=GuaranteeResult.NOT_EXERCISED),
            Guarantee(
                id="cancel",
                claimed=True,
                result=GuaranteeResult.NOT_EXERCISED,
                reason="a plain function cannot be cancelled",
            ),
        ),
        duration_s=28.0,
        compensation_latency_s=CompensationLatency(p50=0.04, p95=5.004, p99=12.5, n=803),
        claims=("lost_reply",),
        not_claimed=("process_death",),
        impossible=(
            Impossible(
                fault="late",
                operation="payments.charge.delete",
                reason="a request held past its own undo has nothing left to undo",
            ),
        ),
        notes=("The search ended after 60 s.",),
        left_over=(LeftOver(resource="payments.charge", step="charge", runs=4),),
    )


def passing(name: str = "order-sync", world: str = "wire") -> ScenarioReport:
    return ScenarioReport(
        name=name,
        saga=name,
        world="wire" if world == "wire" else "sim",
        verdict=ScenarioVerdict.PASS,
        runs=64,
        search=Search(kind="guided", depth=1, complete=True),
        invariants=tuple(
            Invariant(id=id_, verdict=Verdict.NOT_EXERCISED if id_ == "isolation" else Verdict.HELD, runs=64)
            for id_ in IDS
        ),
        faults=Faults(planned=63, fired=63, by_kind={"refuse": 63}),
        situations=(Situation(id="failure_after_pivot", required=True, seen=9),),
        guarantees=(Guarantee(id="lost_reply", claimed=True, result=GuaranteeResult.VERIFIED),),
        compensation_latency_s=CompensationLatency(p50=0.6, p95=1.2, p99=2.8, n=41),
        claims=("lost_reply",),
        not_claimed=("process_death",),
    )


def inconclusive(name: str = "shipping") -> ScenarioReport:
    crash = Invariant(
        id="log_agreement",
        verdict=Verdict.UNKNOWN,
        runs=12,
        crash="Traceback (most recent call last):\n  …\nKeyError: 'log'",
    )
    return ScenarioReport(
        name=name,
        saga=name,
        world="sim",
        verdict=ScenarioVerdict.INCONCLUSIVE,
        runs=12,
        search=Search(kind="hypothesis", complete=True),
        invariants=(Invariant(id="termination", verdict=Verdict.HELD, runs=12), crash),
        faults=Faults(planned=12, fired=10),
        situations=(
            Situation(
                id="crash_during_compensation",
                required=True,
                reach="let the saga claim process_death, or run a search of depth 2",
            ),
        ),
        unfired=(Fault(kind="throttle", operation="shipping.parcel.create", nth=2, count=Lasting.FOR_EVER),),
    )


def report(*scenarios: ScenarioReport) -> Report:
    order = [ScenarioVerdict.FAIL, ScenarioVerdict.INCONCLUSIVE, ScenarioVerdict.PASS]
    return Report(
        tool=Tool(version="0.1.0"),
        verdict=min((one.verdict for one in scenarios), key=order.index),
        duration_s=31.42,
        proxy=Proxy(kind="embedded", version="0.1.0"),
        scenarios=scenarios,
    )


def write_findings(folder: Path) -> None:
    """The failure files and the history that `failing()` names."""
    (folder / "histories").mkdir(parents=True)
    write_history(lost_charge(), folder / "histories" / "order-1.ndjson")
    write_failure(failure(), folder / "failures" / "order-sim-no_orphaned_resources.json")
    two = LOST_REPLY.with_fault(
        Fault(kind="late", operation="payments.charge.create", nth=2, count=2, variant="after_undo")
    )
    write_failure(
        failure("idempotent_actions", two), folder / "failures" / "order-sim-idempotent_actions.json"
    )
