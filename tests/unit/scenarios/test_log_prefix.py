"""The log cut after every entry: what recovers from the rest is judged by every invariant.

The first life ends right after an entry was kept, with the participants as they were at that moment,
inside one simulated run. The history is then told as a world tells a crash there: struck at the last
call that was sent, a second executor from then on, and where a step had been begun, its request lost.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.history import (
    CallFailed,
    CallSent,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    History,
)
from harness.history.events import AnyEvent
from harness.invariants import Verdict, invariants_of
from harness.invariants.judge import judge_view
from harness.plan import Fault, FaultPlan, Lasting
from harness.plan.decision import Symptom
from harness.process_faults import Boundary, ProcessFault
from harness.runner import run_once
from harness.saga import Json, Status
from harness.scenario import Scenario
from harness.views import View
from harness.worlds.sim import SimWorld
from scenarios import REGISTRY
from scenarios.orchestrator import Entry, Lease, SqliteLog
from scenarios.order_fulfilment import durable
from scenarios.order_fulfilment.durable_order import open_log

RESERVE, CHARGE, SHIP = (
    "inventory.reservation.create",
    "payments.charge.create",
    "shipping.shipment.create",
)
REFUND, RELEASE = "payments.charge.delete", "inventory.reservation.delete"


def durable_in_sim() -> list[str]:
    """Of order fulfilment: the calls below are its calls."""
    of_orders = [name for name in REGISTRY if name.startswith("order-fulfilment")]
    made = {name: REGISTRY[name]().saga for name in of_orders}
    return [name for name, saga in made.items() if isinstance(saga, CallableSaga) and saga.durable]


def fault(kind: str, operation: str, *, for_ever: bool = False) -> Fault:
    return Fault(kind=kind, operation=operation, count=Lasting.FOR_EVER if for_ever else 1)


RUNS: list[tuple[tuple[Fault, ...], set[Status]]] = [
    ((), {Status.COMPLETED}),
    ((fault("lose_reply", CHARGE),), {Status.COMPLETED}),
    ((fault("lose_reply", SHIP),), {Status.COMPLETED}),
    ((fault("reject", RESERVE),), {Status.COMPENSATED, Status.COMPLETED}),
    ((fault("reject", CHARGE, for_ever=True),), {Status.COMPENSATED}),
    # A pivot that may have been sent in another life, and is refused in this one, is contradicted.
    ((fault("reject", SHIP, for_ever=True),), {Status.COMPENSATED, Status.STUCK}),
    (
        (fault("reject", SHIP, for_ever=True), fault("lose_reply", REFUND)),
        {Status.COMPENSATED, Status.STUCK},
    ),
    ((fault("error_after", CHARGE, for_ever=True),), {Status.COMPENSATED}),
    ((fault("lose_request", CHARGE, for_ever=True),), {Status.COMPENSATED}),
    ((fault("refuse", SHIP, for_ever=True),), {Status.COMPENSATED, Status.STUCK}),
    ((fault("lose_request", SHIP, for_ever=True),), {Status.STUCK}),
    ((fault("reject", SHIP, for_ever=True), fault("reject", REFUND, for_ever=True)), {Status.STUCK}),
    ((fault("reject", CHARGE, for_ever=True), fault("error_before", RELEASE, for_ever=True)), {Status.STUCK}),
]


class CutError(BaseException):
    """The process is gone."""


@dataclass
class Scissors:
    """Ends the process that writes the nth entry.

    written: entries so far. cut_s: when it was. begun: whether it was that a step had been begun.
    """

    after: int | None
    written: int = 0
    began_s: float = 0.0
    cut_s: float | None = None
    begun: bool = False

    def open_log(self, store_dir: Path) -> SqliteLog:
        log = open_log(store_dir)
        assert isinstance(log, SqliteLog)
        append = log.append

        def cut(lease: Lease, entry: Entry, ttl_s: float) -> None:
            append(lease, entry, ttl_s)
            self.written += 1
            if self.written == self.after:
                self.cut_s = time.monotonic() - self.began_s
                self.begun = '"StepStarted"' in entry.event
                raise CutError

        log.append = cut  # type: ignore[method-assign]
        return log


@pytest.fixture(scope="module")
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world


def _twice(scenario: Scenario, scissors: Scissors) -> Scenario:
    """The same saga, called again in the same run where it was cut."""
    saga = scenario.saga
    assert isinstance(saga, CallableSaga)
    function: Callable[[SagaContext, Json], object] = saga.function

    async def asynchronous(ctx: SagaContext, order: Json) -> object:
        scissors.began_s = time.monotonic()
        try:
            return await function(ctx, order)  # type: ignore[misc]
        except CutError:
            ctx.resumed = True
            return await function(ctx, order)  # type: ignore[misc]

    def plain(ctx: SagaContext, order: Json) -> object:
        scissors.began_s = time.monotonic()
        try:
            return function(ctx, order)
        except CutError:
            ctx.resumed = True
            return function(ctx, order)

    twice = asynchronous if saga.asynchronous else plain
    return replace(scenario, saga=CallableSaga(twice, saga.name, durable=True))


def _told_as_a_crash(history: History, scissors: Scissors) -> History:
    cut_s = scissors.cut_s
    assert cut_s is not None
    at = next(index for index, event in enumerate(history.events) if event.t_s > cut_s + 1e-9)
    before, after = history.events[:at], history.events[at:]
    saga_id = history.began.saga_ids[0]
    sent = [event.call for event in before if isinstance(event, CallSent)]
    struck = ExecutorStruck(
        t_s=cut_s,
        executor=1,
        saga_id=saga_id,
        call=sent[-1] if sent else 0,
        process_fault=ProcessFault.CRASH,
        boundary=Boundary.ANSWERED,
    )
    began = ExecutorBegan(t_s=cut_s, executor=2, saga_id=saga_id, resumed=True)
    renumbered = [
        msgspec.structs.replace(event, executor=2) if isinstance(event, CallSent | ExecutorEnded) else event
        for event in after
    ]
    again = [event for event in after if isinstance(event, CallSent)]
    lost = _lost(history, cut_s, again[0]) if scissors.begun else ()
    return History((*before, *lost, struck, began, *renumbered))


def _lost(history: History, cut_s: float, again: CallSent) -> tuple[AnyEvent, ...]:
    """The request that was sent just as the process died, and that the next one sent again."""
    number = 1 + max(call.sent.call for call in history.calls)
    sent = msgspec.structs.replace(again, t_s=cut_s, call=number, executor=1)
    return sent, CallFailed(t_s=cut_s, call=number, symptom=Symptom.SILENCE, abandoned=True)


@pytest.mark.parametrize(("faults", "expected"), RUNS)
@pytest.mark.parametrize("name", durable_in_sim())
def test_it_recovers_from_every_prefix_of_its_log(
    name: str,
    faults: tuple[Fault, ...],
    expected: set[Status],
    sim: SimWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario, plan = REGISTRY[name](), FaultPlan(faults)
    whole = Scissors(after=None)
    monkeypatch.setattr(durable, "open_log", whole.open_log)
    run_once(scenario, scenario.inputs[0], plan, sim)
    assert whole.written >= 5
    seen: set[Status | None] = set()
    for length in range(1, whole.written + 1):
        scissors = Scissors(after=length)
        monkeypatch.setattr(durable, "open_log", scissors.open_log)
        run = run_once(_twice(scenario, scissors), scenario.inputs[0], plan, sim)
        history = _told_as_a_crash(run.history, scissors) if length < whole.written else run.history
        view = View(history, scenario.spec, scenario.resources)
        wrong = [one for one in judge_view(view, invariants_of(scenario).values()) if one.verdict in _WRONG]
        assert wrong == [], f"cut after entry {length}"
        seen.add(view.sagas[0].status)
    assert seen <= expected


_WRONG = (Verdict.VIOLATED, Verdict.UNKNOWN)
