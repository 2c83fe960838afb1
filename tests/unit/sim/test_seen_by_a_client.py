"""What a saga sees through an httpx client in sim is what it would see through a socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.saga import Json
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, STOCK, spec_of

Saga = Callable[[SagaContext, httpx.AsyncClient], Awaitable[Json]]
CLIENTS = pytest.mark.parametrize("whose", ["given", "own"])


def came_to(world: SimWorld, saga: Saga, whose: str = "given") -> Json:
    """What the saga tells of itself."""

    async def told(ctx: SagaContext, input_: Json) -> Json:
        del input_
        assert isinstance(ctx.client, httpx.AsyncClient)
        if whose == "given":
            return {"status": "stuck", "detail": await saga(ctx, ctx.client)}
        async with httpx.AsyncClient() as client:
            return {"status": "stuck", "detail": await saga(ctx, client)}

    return ended(world, CallableSaga(told, "told"))


def came_to_plain(world: SimWorld, saga: Callable[[SagaContext, httpx.Client], Json]) -> Json:
    def told(ctx: SagaContext, input_: Json) -> Json:
        del input_
        assert isinstance(ctx.client, httpx.Client)
        return {"status": "stuck", "detail": saga(ctx, ctx.client)}

    return ended(world, CallableSaga(told, "told"))


def ended(world: SimWorld, saga: CallableSaga) -> Json:
    scenario = Scenario(
        name="told", spec=spec_of((HOLD,), (STOCK,), frozenset()), participants=(STOCK,), saga=saga
    )
    end = run_once(scenario, {}, FaultPlan(), world).view.sagas[0].ended
    assert end is not None
    assert end.problem is None, end.problem
    return end.detail


@CLIENTS
def test_how_long_it_took_and_how_much_came(sim: SimWorld, whose: str) -> None:
    async def saga(ctx: SagaContext, client: httpx.AsyncClient) -> Json:
        reply = await client.post(f"{ctx.urls['stock']}/holds", json={"saga_id": ctx.saga_id})
        told: list[Json] = [reply.elapsed.total_seconds(), reply.num_bytes_downloaded, len(reply.content)]
        return [*told, reply.headers["content-length"], reply.http_version, reply.reason_phrase]

    assert came_to(sim, saga, whose) == [0.002, 15, 15, "15", "HTTP/1.1", "Created"]


def test_how_long_it_took_a_plain_client(sim: SimWorld) -> None:
    def saga(ctx: SagaContext, client: httpx.Client) -> Json:
        reply = client.post(f"{ctx.urls['stock']}/holds", json={"saga_id": ctx.saga_id})
        return [reply.elapsed.total_seconds(), reply.num_bytes_downloaded, reply.headers["content-length"]]

    assert came_to_plain(sim, saga) == [0.002, 15, "15"]


@CLIENTS
def test_a_reply_may_be_read_piece_by_piece(sim: SimWorld, whose: str) -> None:
    async def saga(ctx: SagaContext, client: httpx.AsyncClient) -> Json:
        async with client.stream("GET", f"{ctx.urls['stock']}/holds") as reply:
            return b"".join([piece async for piece in reply.aiter_raw()]).decode()

    assert came_to(sim, saga, whose) == '{"items":[]}'


@CLIENTS
def test_a_hook_sees_a_reply_before_it_is_read(sim: SimWorld, whose: str) -> None:
    async def saga(ctx: SagaContext, client: httpx.AsyncClient) -> Json:
        told: list[Json] = []

        async def hook(reply: httpx.Response) -> None:
            try:
                told.append(len(reply.content))
            except httpx.ResponseNotRead:
                told.append("not read")

        client.event_hooks = {"response": [hook]}
        await client.get(f"{ctx.urls['stock']}/holds")
        return told

    assert came_to(sim, saga, whose) == ["not read"]


def test_an_answer_without_a_body(sim: SimWorld) -> None:
    async def saga(ctx: SagaContext, client: httpx.AsyncClient) -> Json:
        gone = await client.delete(f"{ctx.urls['stock']}/holds?saga_id={ctx.saga_id}")
        return [gone.status_code, gone.text, dict(gone.headers)]

    assert came_to(sim, saga) == [204, "", {}]


def test_what_a_saga_does_to_its_client_ends_with_the_run(sim: SimWorld) -> None:
    async def saga(ctx: SagaContext, client: httpx.AsyncClient) -> Json:
        async def hook(_: object) -> None:
            """Does nothing, and would do it once more in each run."""

        told: list[Json] = [
            dict(client.headers).get("x-run"),
            len(client.event_hooks["request"]),
            client.timeout.read,
            client.follow_redirects,
            str(client.base_url),
            str(client.params),
            client.auth is None,
        ]
        client.headers["x-run"] = ctx.saga_id
        client.event_hooks["request"].append(hook)
        client.timeout.read = 1.0
        client.follow_redirects = True
        client.base_url = ctx.urls["stock"]
        client.params = {"saga_id": ctx.saga_id}
        client.auth = ("me", "secret")
        return told

    new = [None, 0, 5.0, False, "", "", True]
    assert [came_to(sim, saga) for _ in range(2)] == [new, new]


def test_cookies_end_with_the_run_and_so_does_a_closed_client(sim: SimWorld) -> None:
    async def saga(ctx: SagaContext, client: httpx.AsyncClient) -> Json:
        told: list[Json] = [dict(client.cookies), client.is_closed]
        client.cookies.set("session", "1")
        await client.aclose()
        return told

    assert [came_to(sim, saga) for _ in range(2)] == [[{}, False], [{}, False]]
