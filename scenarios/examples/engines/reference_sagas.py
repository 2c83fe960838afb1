"""The same saga without an engine: it keeps nothing, and undoes one after the other or all at once."""

import asyncio

import httpx


async def sequential(ctx, input):
    return await book(ctx, input["steps"], at_once=False)


async def parallel(ctx, input):
    return await book(ctx, input["steps"], at_once=True)


async def book(ctx, steps, at_once):
    for step in range(1, steps + 1):
        if (await make(ctx, step)).is_client_error:
            undos = [undo(ctx, made) for made in range(step - 1, 0, -1)]
            if at_once:
                await asyncio.gather(*undos)
            else:
                for one in undos:
                    await one
            return {"status": "compensated"}
    return {"status": "completed"}


async def make(ctx, step):
    return await attempt(
        ctx,
        "POST",
        f"{ctx.urls['desk']}/thing{step}",
        json={"saga_id": ctx.saga_id},
        headers={"Idempotency-Key": f"{ctx.saga_id}:make{step}"},
    )


async def undo(ctx, step):
    return await attempt(
        ctx,
        "DELETE",
        f"{ctx.urls['desk']}/thing{step}",
        params={"saga_id": ctx.saga_id},
        headers={"Idempotency-Key": f"{ctx.saga_id}:undo{step}"},
    )


async def attempt(ctx, *request, **rest):
    for number in range(10):
        try:
            answer = await ctx.client.request(*request, timeout=5.0, **rest)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code < 500:
            return answer
        await asyncio.sleep(0.1 * 2**number)
    raise RuntimeError("out of attempts")
