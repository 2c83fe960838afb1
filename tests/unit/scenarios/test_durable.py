"""The durable orchestrators, driven over a mock transport: what dies, what wakes, what races."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from fakes import Inventory, Payments, Shipping
from harness.participant import Owner, Request
from scenarios.orchestrator import (
    DefinitionChangedError,
    DurableOrchestrator,
    Lease,
    RetryPolicy,
    SagaRecord,
    SagaState,
    SagaStatus,
    Send,
    Sleep,
    SqliteLog,
    SyncDurableOrchestrator,
    UnknownSagaError,
)
from scenarios.orchestrator.commands import Command, Reply
from scenarios.orchestrator.drivers import answer_of
from scenarios.orchestrator.errors import CorruptLogError
from scenarios.orchestrator.execution import Wish, execute, folded
from scenarios.orchestrator.retry import Steps
from scenarios.order_fulfilment.durable_order import DURABLE, bring_to_end, bring_to_end_sync
from scenarios.order_fulfilment.inputs import ORDERS
from tests.unit.scenarios.conftest import Store
from tests.unit.scenarios.desk import ORDER, OWNERS

FAST = RetryPolicy(first_wait_s=0.0, longest_wait_s=0.0)
URLS = {name: f"http://{name}.test" for name in OWNERS}
Answer = Callable[[httpx.Request, Callable[[], httpx.Response]], httpx.Response]


class Services:
    """The fakes behind one transport. `seen` is what they were sent."""

    def __init__(self, answer: Answer = lambda request, deliver: deliver()) -> None:
        self.fakes = {"inventory": Inventory(), "payments": Payments(), "shipping": Shipping()}
        self.seen: list[str] = []
        self.answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host.partition(".")[0]
        fake = self.fakes[name]
        matched = fake.router.match(request.method, request.url.path)
        assert matched is not None
        self.seen.append(matched.operation.name)
        content = json.loads(request.content) if request.content else dict(request.url.params)
        saga_id = content.get("saga_id", "s")
        owner = Owner(saga_id=saga_id, step=OWNERS[name])
        plain = Request(
            method=request.method,
            path=request.url.path,
            query=dict(request.url.params),
            headers=dict(request.headers),
            body=request.content,
        )

        def deliver() -> httpx.Response:
            response = fake.handle(matched.operation, matched.id, plain, owner).response
            return httpx.Response(response.status, content=response.body)

        return self.answer(request, deliver)

    def left(self) -> list[str]:
        return [one.resource for fake in self.fakes.values() for one in fake.ledger.live()]


def on(operation: str, what: Answer) -> Answer:
    """What happens to one kind of request; all others pass."""
    method, path = operation.split()

    def answer(request: httpx.Request, deliver: Callable[[], httpx.Response]) -> httpx.Response:
        mine = (request.method, request.url.path) == (method, path)
        return what(request, deliver) if mine else deliver()

    return answer


def refused(request: httpx.Request, deliver: Callable[[], httpx.Response]) -> httpx.Response:
    return httpx.Response(422, json={})


ALL = ["inventory.reservation", "payments.charge", "shipping.shipment"]
Run = Callable[..., SagaStatus]


def run_async(log: object, services: Services, saga_id: str = "s", *, resumed: bool = False) -> SagaStatus:
    async def run() -> SagaStatus:
        async with httpx.AsyncClient(transport=httpx.MockTransport(services)) as client:
            orchestrator = DurableOrchestrator(client, URLS, log, [DURABLE], policy=FAST)  # type: ignore[arg-type]
            return await bring_to_end(orchestrator, saga_id, ORDERS[0], resumed=resumed)

    return asyncio.run(run())


def run_sync(log: object, services: Services, saga_id: str = "s", *, resumed: bool = False) -> SagaStatus:
    with httpx.Client(transport=httpx.MockTransport(services)) as client:
        orchestrator = SyncDurableOrchestrator(client, URLS, log, [DURABLE], policy=FAST)  # type: ignore[arg-type]
        return bring_to_end_sync(orchestrator, saga_id, ORDERS[0], resumed=resumed)


both = pytest.mark.parametrize("run", [run_async, run_sync])


@both
def test_a_saga_is_started_once_whoever_starts_it(run: Run, store: Store) -> None:
    services = Services()
    first = run(store.open(), services)
    assert first.state is SagaState.COMPLETED
    for resumed in (False, True):
        assert run(store.open(), services, resumed=resumed) == first
    assert len(services.seen) == 3
    assert services.left() == ALL


@both
def test_what_never_began_is_started_when_it_is_resumed(run: Run, store: Store) -> None:
    services = Services()
    assert run(store.open(), services, resumed=True).state is SagaState.COMPLETED


@both
def test_a_saga_that_ended_stuck_stays_stuck(run: Run, store: Store) -> None:
    services = Services(on("POST /shipments", lambda request, deliver: httpx.Response(500)))
    first = run(store.open(), services)
    assert (first.state, first.stuck) == (SagaState.FAILED, True)
    services.answer = lambda request, deliver: deliver()
    assert run(store.open(), services, resumed=True) == first


class DeathError(BaseException):
    """No handler of the saga sees it coming."""


@both
@pytest.mark.parametrize("ship", [refused, lambda request, deliver: deliver()])
def test_it_survives_death_in_every_call(run: Run, store: Store, ship: Answer) -> None:
    whole = Services(on("POST /shipments", ship))
    expected = run(store.open(), whole, "whole")
    for applied in (False, True):
        for nth in range(1, len(whole.seen) + 1):
            services = Services(_dying(nth, on("POST /shipments", ship), applied=applied))
            saga_id = f"{nth}-{applied}"
            with pytest.raises(DeathError):
                run(store.open(), services, saga_id)
            store.wait_s(2.0)  # the lease of the dead runs out
            services.answer = on("POST /shipments", ship)
            status = run(store.open(), services, saga_id, resumed=True)
            if ship is refused and services.seen[nth - 1] == "shipping.shipment.create":
                assert status.stuck  # a pivot that may have been sent, and is refused now
                continue
            assert (status.state, status.stuck) == (expected.state, False), (nth, applied)
            assert services.left() == whole.left()


def _dying(nth: int, answer: Answer, *, applied: bool) -> Answer:
    calls = iter(range(1, 1000))

    def die(request: httpx.Request, deliver: Callable[[], httpx.Response]) -> httpx.Response:
        if next(calls) != nth:
            return answer(request, deliver)
        if applied:
            answer(request, deliver)
        raise DeathError

    return die


# Leases, driven by hand -----------------------------------------------------------------------


class Executor:
    """One executor, a command at a time."""

    def __init__(self, store: Store, services: Services, wish: Wish | None = None) -> None:
        self.log = store.open()
        record = SagaRecord(
            saga_id="s", saga_type=DURABLE.name, steps=DURABLE.steps, data=DURABLE.write(ORDER)
        )
        self.record = self.log.create(record)
        self.steps: Steps[None] = execute(
            self.log, DURABLE, self.record, RetryPolicy(), 1.0, wish or Wish(), lambda event: None
        )
        self.services, self.store = services, store
        self.waited_s = 0.0
        self.ended = False

    def next(self, reply: Reply | None = None) -> Command | None:
        try:
            return self.steps.send(reply)
        except StopIteration:
            self.ended = True
            return None

    def go_on(self, command: Command | None, until: str = "never") -> Command | None:
        """Carry commands out until one sends what `until` names."""
        while command is not None:
            if isinstance(command, Send) and until in (command.call.path, command.call.method):
                return command
            command = self.next(self.carry_out(command))
        return None

    def carry_out(self, command: Command) -> Reply | None:
        if isinstance(command, Sleep):
            self.waited_s += command.seconds
            self.store.wait_s(command.seconds)
            return None
        assert isinstance(command, Send)
        self.store.wait_s(0.01)
        url = URLS[command.call.service] + command.call.path
        headers = {"idempotency-key": command.key} if command.key else {}
        request = httpx.Request(
            command.call.method, url, content=command.call.body, headers=headers, params=command.call.query
        )
        return answer_of(self.services(request))

    def status(self) -> SagaStatus:
        return folded(self.record, self.log.read(self.record.saga_id)).status()


def test_one_that_finds_another_alive_leaves_the_saga_to_it(store: Store) -> None:
    services = Services()
    first, second = Executor(store, services), Executor(store, services)
    at_charge = first.go_on(first.next(), "/charges")
    waiting = second.next()
    assert isinstance(waiting, Sleep)
    first.next(first.carry_out(at_charge))  # type: ignore[arg-type]
    second.carry_out(waiting)
    assert second.next() is None
    assert second.status().state is SagaState.RUNNING
    assert len(services.seen) == 2


def test_one_that_finds_the_holder_dead_takes_over_when_its_lease_runs_out(store: Store) -> None:
    services = Services()
    dead, successor = Executor(store, services), Executor(store, services)
    dead.go_on(dead.next(), "/charges")
    successor.go_on(successor.next())
    assert 0.9 < successor.waited_s < 1.2
    assert successor.status().state is SagaState.COMPLETED
    assert services.left() == ALL


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("frozen_at", ["/reservations", "/charges", "/shipments", "DELETE"])
@pytest.mark.parametrize("ship", [refused, lambda request, deliver: deliver()])
def test_one_that_wakes_after_it_was_replaced_does_nothing_more(
    store: Store, frozen_at: str, ship: Answer, late: bool
) -> None:
    services = Services(on("POST /shipments", ship))
    frozen, successor = Executor(store, services), Executor(store, services)
    command = frozen.go_on(frozen.next(), frozen_at)
    if command is None:
        assert (frozen_at, ship is refused) == ("DELETE", False)
        return
    reply = None if late else frozen.carry_out(command)
    successor.go_on(successor.next())
    ended, left, sent = successor.status(), services.left(), len(services.seen)
    if late:  # its request was on its way all the time
        reply = frozen.carry_out(command)
        sent += 1
    assert frozen.next(reply) is None
    assert (frozen.status(), services.left(), len(services.seen)) == (ended, left, sent)
    assert ended.state in (SagaState.COMPLETED, SagaState.FAILED)


def test_of_two_successors_one_takes_over_and_the_other_leaves_it_to_it(store: Store) -> None:
    services = Services()
    dead, left, right = (Executor(store, services) for _ in range(3))
    dead.go_on(dead.next(), "/charges")
    commands = {left: left.next(), right: right.next()}
    while any(command is not None for command in commands.values()):
        for successor, command in commands.items():
            if command is not None:
                commands[successor] = successor.next(successor.carry_out(command))
    assert (left.ended, right.ended) == (True, True)
    assert services.seen.count("shipping.shipment.create") == 1
    assert left.status().state is SagaState.COMPLETED


def test_a_long_wait_keeps_the_lease(store: Store) -> None:
    again = httpx.Response(429, headers={"retry-after": "20"})
    answers = iter([again])
    services = Services(on("POST /charges", lambda request, deliver: next(answers, None) or deliver()))
    patient, other = Executor(store, services), store.open()
    command = patient.next()
    while command is not None:
        assert not isinstance(other.acquire("s", "other", 1.0), Lease)
        command = patient.next(patient.carry_out(command))
        if patient.ended:
            break
    assert patient.waited_s == pytest.approx(20.05)
    assert patient.status().state is SagaState.COMPLETED


# Cancel ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "left"), [("/reservations", []), ("/charges", []), ("/shipments", ALL), ("GET", ALL)]
)
def test_a_cancelled_saga_leaves_nothing_or_is_finished(store: Store, at: str, left: list[str]) -> None:
    wish = Wish()
    lost = iter([httpx.Response(500)] * 5)
    services = Services(on("POST /shipments", lambda request, deliver: (deliver(), next(lost))[1]))
    executor = Executor(store, services, wish)
    command = executor.go_on(executor.next(), at)
    wish.turn_back = True
    executor.go_on(command)
    assert services.left() == left
    status = executor.status()
    assert status.state is (SagaState.COMPLETED if left else SagaState.FAILED)
    assert not status.stuck
    if not left:
        # The request that was under way was still answered; what comes next is not begun.
        assert (
            status.error
            == {
                "/reservations": "process_payment: cancelled by the caller",
                "/charges": "create_shipment: cancelled by the caller",
            }[at]
        )


def test_a_cancelled_saga_in_doubt_undoes_what_it_retried(store: Store) -> None:
    wish = Wish()
    services = Services(on("POST /charges", lambda request, deliver: (deliver(), httpx.Response(500))[1]))
    executor = Executor(store, services, wish)
    command = executor.go_on(executor.next(), "/charges")
    wish.turn_back = True
    executor.go_on(command)
    assert services.seen == [
        "inventory.reservation.create",
        "payments.charge.create",
        "payments.charge.delete_by_saga",
        "inventory.reservation.delete",
    ]
    assert services.left() == []
    assert executor.status().error == "process_payment: cancelled by the caller"


class Slow(httpx.AsyncBaseTransport):
    """Lets others run while a request is under way."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.reached = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.reached.set()
        await asyncio.sleep(0.01)
        return self.services(request)


def test_cancelling_a_task_waits_for_the_way_back(store: Store) -> None:
    services = Services()
    slow = Slow(services)

    async def run() -> None:
        async with httpx.AsyncClient(transport=slow) as client:
            orchestrator = DurableOrchestrator(client, URLS, store.open(), [DURABLE], policy=FAST)
            task = asyncio.create_task(orchestrator.start(DURABLE, ORDER, saga_id="s"))
            await slow.reached.wait()
            for _ in range(3):
                task.cancel()
                await asyncio.sleep(0.002)
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert services.left() == []


def test_a_cancelled_saga_that_ends_stuck_says_so_and_raises_nothing(store: Store) -> None:
    broken = httpx.Response(500)
    services = Services(lambda request, deliver: broken if request.method == "DELETE" else deliver())
    slow = Slow(services)

    async def run() -> SagaStatus:
        async with httpx.AsyncClient(transport=slow) as client:
            orchestrator = DurableOrchestrator(client, URLS, store.open(), [DURABLE], policy=FAST)
            task = asyncio.create_task(bring_to_end(orchestrator, "s", ORDERS[0], resumed=False))
            await slow.reached.wait()
            task.cancel()
            return await task

    assert asyncio.run(run()).stuck


# What is wrong with a log ---------------------------------------------------------------------


@contextlib.contextmanager
def sync_orchestrator(log: object, services: Services) -> Iterator[SyncDurableOrchestrator]:
    with httpx.Client(transport=httpx.MockTransport(services)) as client:
        yield SyncDurableOrchestrator(client, URLS, log, [DURABLE], policy=FAST)  # type: ignore[arg-type]


CORRUPTIONS = [
    ("UPDATE saga_events SET event = 'x' WHERE saga_id = 'b' AND seq = 2", "found 'x', expected JSON"),
    ("UPDATE saga_events SET event = '{}' WHERE saga_id = 'b' AND seq = 2", "found event None, expected one"),
    (
        """UPDATE saga_events SET event = '{"event":"StepStarted"}' WHERE saga_id = 'b' AND seq = 2""",
        "expected the fields saga_id, step",
    ),
    ("DELETE FROM saga_events WHERE saga_id = 'b' AND seq = 1", "expected 1 to the last without a gap"),
    ("UPDATE saga_instances SET data = '[]' WHERE saga_id = 'b'", "input of a saga 'OrderFulfilment'"),
]


@both
@pytest.mark.parametrize(("corruption", "says"), CORRUPTIONS)
def test_one_corrupt_saga_blocks_no_other(run: Run, store: Store, corruption: str, says: str) -> None:
    services = Services(_dying_at_charges())
    for saga_id in "abc":
        with pytest.raises(DeathError):
            run(store.open(), services, saga_id)
    store.wait_s(2.0)
    store.sql(corruption)
    services.answer = lambda request, deliver: deliver()
    log = store.open()
    with sync_orchestrator(log, services) as orchestrator:
        recovered = orchestrator.recover()
    assert {saga_id: one.state for saga_id, one in recovered.statuses.items()} == {
        "a": SagaState.COMPLETED,
        "c": SagaState.COMPLETED,
    }
    assert isinstance(recovered.failures["b"], CorruptLogError)
    assert says in str(recovered.failures["b"])
    assert log.unfinished() == ("b",)


def _dying_at_charges() -> Answer:
    def die(request: httpx.Request, deliver: Callable[[], httpx.Response]) -> httpx.Response:
        raise DeathError

    return on("POST /charges", die)


def test_many_are_recovered_at_once(store: Store) -> None:
    services = Services(_dying_at_charges())
    for saga_id in "abc":
        with pytest.raises(DeathError):
            run_sync(store.open(), services, saga_id)
    store.wait_s(2.0)
    services.answer = lambda request, deliver: deliver()

    async def recover() -> set[SagaState]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(services)) as client:
            recovered = await DurableOrchestrator(client, URLS, store.open(), [DURABLE]).recover()
            return {one.state for one in recovered.statuses.values()}

    assert asyncio.run(recover()) == {SagaState.COMPLETED}


def test_a_saga_is_not_resumed_with_other_steps(store: Store) -> None:
    services = Services(_dying_at_charges())
    with pytest.raises(DeathError):
        run_sync(store.open(), services)
    fewer = replace(DURABLE, definition=replace(DURABLE.definition, steps=DURABLE.definition.steps[:2]))
    with httpx.Client(transport=httpx.MockTransport(services)) as client:
        orchestrator = SyncDurableOrchestrator(client, URLS, store.open(), [fewer])
        with pytest.raises(
            DefinitionChangedError, match="expected those it was begun with: reserve_inventory"
        ):
            orchestrator.resume("s")
        with pytest.raises(UnknownSagaError, match="found type 'OrderFulfilment', expected one of: none"):
            SyncDurableOrchestrator(client, URLS, store.open(), []).resume("s")
        with pytest.raises(UnknownSagaError, match="found no saga 'other' in the log"):
            orchestrator.status("other")


def test_what_cannot_be_kept_is_not_begun(tmp_path: Path) -> None:
    services = Services()

    class Full(SqliteLog):
        def append(self, *arguments: object) -> None:
            raise OSError("no space left")

    with Full(tmp_path / "saga.db", synchronous="OFF") as log, pytest.raises(OSError, match="no space"):
        run_sync(log, services)
    assert services.seen == []


def test_one_executor_waits_for_the_lease_of_a_dead_one_on_a_real_clock(tmp_path: Path) -> None:
    services = Services(_dying_at_charges())
    with SqliteLog(tmp_path / "saga.db") as log, pytest.raises(DeathError):
        run_async(log, services)
    services.answer = lambda request, deliver: deliver()
    began_s = time.monotonic()
    with SqliteLog(tmp_path / "saga.db") as log:
        assert run_sync(log, services, resumed=True).state is SagaState.COMPLETED
    assert time.monotonic() - began_s < 2.0
