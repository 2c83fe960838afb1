"""An order in two steps, with a classic mistake. See it found: saga-chaos run saga.toml"""
# mypy: ignore-errors

import asyncio

import httpx

STEPS = [("inventory", "/reservations"), ("payments", "/charges")]


async def order(ctx, item):
    undos = []
    try:
        for service, path in STEPS:
            await send(ctx, "POST", service, path, item)
            undos.insert(0, (service, path))  # the mistake: this line belongs above the one before
    except httpx.HTTPError as error:
        undone = [await undo(ctx, service, path) for service, path in undos]
        return {"status": "compensated" if all(undone) else "stuck", "detail": {"error": repr(error)}}
    return {"status": "completed"}


async def undo(ctx, service, path):
    for _ in range(5):
        try:
            return await send(ctx, "DELETE", service, path)
        except httpx.HTTPError:
            await asyncio.sleep(1)
    return None


async def send(ctx, method, service, path, item=None):
    url = f"{ctx.urls[service]}{path}?saga_id={ctx.saga_id}"
    key = {"Idempotency-Key": f"{ctx.saga_id}:{method}-{service}"}
    reply = await ctx.client.request(method, url, json=item, headers=key, timeout=0.5)
    return reply.raise_for_status()
