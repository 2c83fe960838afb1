"""Sagas that reserve and charge, and take their time to undo: each in a way of its own."""

from __future__ import annotations

import asyncio

import httpx

from harness.adapter import SagaContext
from harness.saga import Json

SAGAS = """
from tests.unit.bench.slow_sagas import at_once, backing_off, in_a_loop, stuck
"""
FLOOR_S = 0.2


async def at_once(ctx: SagaContext, input_: Json) -> Json:
    return await _order(ctx, pause_s=0.0, attempts=1)


async def in_a_loop(ctx: SagaContext, input_: Json) -> Json:
    """Looks for work every 0.2 s, as a polling engine does."""
    return await _order(ctx, pause_s=FLOOR_S, attempts=1)


async def backing_off(ctx: SagaContext, input_: Json) -> Json:
    """The first undo is refused by a rule of the test; it waits a second, and tries again."""
    return await _order(ctx, pause_s=0.0, attempts=3)


async def stuck(ctx: SagaContext, input_: Json) -> Json:
    await _post(ctx, "inventory", "reservations")
    if (await _post(ctx, "payments", "charges")).is_error:
        return {"status": "stuck", "detail": {"error": "refused"}}
    return {"status": "completed"}


async def _order(ctx: SagaContext, *, pause_s: float, attempts: int) -> Json:
    if (await _post(ctx, "inventory", "reservations")).is_error:
        return {"status": "compensated", "detail": {"error": "refused"}}
    if not (await _post(ctx, "payments", "charges")).is_error:
        return {"status": "completed"}
    await asyncio.sleep(pause_s)
    for attempt in range(attempts):
        gone = await _client(ctx).delete(
            f"{ctx.urls['inventory']}/reservations",
            params={"saga_id": ctx.saga_id},
            headers=_key(ctx, "undo"),
        )
        if not gone.is_error:
            break
        await asyncio.sleep(1.0 * (attempt + 1))
    await asyncio.sleep(pause_s)
    return {"status": "compensated", "detail": {"error": "refused"}}


async def _post(ctx: SagaContext, service: str, what: str) -> httpx.Response:
    return await _client(ctx).post(
        f"{ctx.urls[service]}/{what}", json={"saga_id": ctx.saga_id}, headers=_key(ctx, what)
    )


def _client(ctx: SagaContext) -> httpx.AsyncClient:
    assert isinstance(ctx.client, httpx.AsyncClient)
    return ctx.client


def _key(ctx: SagaContext, what: str) -> dict[str, str]:
    return {"Idempotency-Key": f"{ctx.saga_id}:{what}"}
