import asyncio
import json
import time
from collections.abc import Callable

import httpx
import pytest

from scenarios.orchestrator import (
    Answered,
    Orchestrator,
    RetryPolicy,
    SagaEvent,
    SagaState,
    SagaStatus,
    SyncOrchestrator,
    Unanswered,
)
from scenarios.orchestrator.drivers import answer_of, failure_of
from scenarios.order_fulfilment.steps import ORDER_FULFILMENT
from tests.unit.scenarios.desk import ORDER

URLS = {name: f"http://{name}.test/" for name in ("inventory", "payments", "shipping")}
FAST = RetryPolicy(first_wait_s=0.0, longest_wait_s=0.0)
Handler = Callable[[httpx.Request], httpx.Response]


def run_async(handler: Handler, keep: Callable[[SagaEvent], None] = lambda event: None) -> SagaStatus:
    async def run() -> SagaStatus:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
            orchestrator = Orchestrator(client, URLS, policy=FAST, keep=keep)
            for _ in range(2):
                assert await orchestrator.start(ORDER_FULFILMENT, ORDER, saga_id="saga-1") == "saga-1"
            return await orchestrator.status("saga-1")

    return asyncio.run(run())


def run_sync(handler: Handler, keep: Callable[[SagaEvent], None] = lambda event: None) -> SagaStatus:
    with httpx.Client(transport=httpx.MockTransport(handler)) as client:
        orchestrator = SyncOrchestrator(client, URLS, policy=FAST, keep=keep)
        for _ in range(2):
            assert orchestrator.start(ORDER_FULFILMENT, ORDER, saga_id="saga-1") == "saga-1"
        return orchestrator.status("saga-1")


both = pytest.mark.parametrize("run", [run_async, run_sync])


@both
def test_what_goes_over_the_wire(run: Callable[..., SagaStatus]) -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"id": "x-1"})

    kept: list[SagaEvent] = []
    status = run(handle, kept.append)
    # Started twice, run once.
    assert [str(request.url) for request in seen] == [
        "http://inventory.test/reservations",
        "http://payments.test/charges",
        "http://shipping.test/shipments",
    ]
    assert json.loads(seen[1].content) == {
        "amount_cents": 4200,
        "customer_id": "customer-7",
        "saga_id": "saga-1",
    }
    assert seen[1].headers["idempotency-key"] == "saga-1:process_payment"
    assert seen[1].extensions["timeout"] == dict.fromkeys(("connect", "read", "write", "pool"), 0.25)
    assert (status.state, status.current_step, len(kept)) == (SagaState.COMPLETED, "create_shipment", 8)


@both
def test_undos_by_saga_name_it(run: Callable[..., SagaStatus]) -> None:
    seen: list[tuple[str, bytes]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((f"{request.method} {request.url.raw_path.decode()}", request.content))
        if request.method == "DELETE":
            return httpx.Response(204)
        if request.url.path == "/refunds":
            return httpx.Response(201, json={"id": "r"})
        if request.url.path == "/reservations":
            return httpx.Response(201, json={"id": "a/b"})
        raise httpx.ReadTimeout("silence", request=request)

    status = run(handle)
    assert seen[-2:] == [("POST /refunds", b'{"saga_id":"saga-1"}'), ("DELETE /reservations/a%2Fb", b"")]
    assert (status.state, status.stuck) == (SagaState.FAILED, False)
    assert status.error == "process_payment: ReadTimeout"


def test_an_unknown_saga_has_no_status() -> None:
    with httpx.Client() as client, pytest.raises(KeyError, match="found no saga 'other', expected one of"):
        SyncOrchestrator(client, URLS).status("other")


@both
def test_it_sleeps_between_attempts(run: Callable[..., SagaStatus], monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(time, "sleep", slept.append)
    run(lambda request: httpx.Response(503, headers={"retry-after": "2"}))
    assert slept[:4] == [2.05] * 4


@pytest.mark.parametrize(
    ("response", "answered"),
    [
        (httpx.Response(204), Answered(status=204)),
        (httpx.Response(200, content=b'{"id": "x"}'), Answered(status=200, content={"id": "x"})),
        (httpx.Response(201, content=b"\x00<<garbage>>"), Answered(status=201, readable=False)),
        (httpx.Response(201, content=b"\xff\xfe\x00"), Answered(status=201, readable=False)),
        (httpx.Response(429, headers={"retry-after": "1.5"}), Answered(status=429, retry_after_s=1.5)),
        (httpx.Response(503, headers={"retry-after": "soon"}), Answered(status=503)),
        (httpx.Response(503, headers={"retry-after": "-1"}), Answered(status=503)),
        (httpx.Response(503, headers={"retry-after": "nan"}), Answered(status=503)),
    ],
)
def test_what_the_core_is_told_of_a_response(response: httpx.Response, answered: Answered) -> None:
    assert answer_of(response) == answered


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (httpx.ConnectError, False),
        (httpx.ConnectTimeout, False),
        (httpx.PoolTimeout, False),
        (httpx.ReadTimeout, True),
        (httpx.WriteTimeout, True),
        (httpx.ReadError, True),
        (httpx.RemoteProtocolError, True),
    ],
)
def test_only_what_never_left_is_surely_not_applied(error: type[httpx.RequestError], sent: bool) -> None:
    assert failure_of(error("why")) == Unanswered(sent=sent, error=error.__name__)
