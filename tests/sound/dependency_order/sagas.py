"""A diamond: two branches side by side, undone leaves first."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sound.talk import Line, Told

PATHS = {
    "hold": ("stock", "/holds"),
    "reserve": ("inventory", "/reservations"),
    "charge": ("payments", "/charges"),
}


async def order(ctx: Any, input_: Any) -> Any:
    return await walk(ctx)


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes the root beside its branches."""
    return await walk(ctx, beside=True)


async def walk(ctx: Any, beside: bool = False) -> Any:
    line = Line(ctx.client)
    told = {"hold": await act(ctx, line, "hold")}
    if told["hold"].done:
        reserve, charge = await asyncio.gather(act(ctx, line, "reserve"), act(ctx, line, "charge"))
        told |= {"reserve": reserve, "charge": charge}
        if reserve.done and charge.done:
            shipped = await send(ctx, line, "ship", "shipping", "/shipments")
            if shipped.done:
                return {"status": "completed"}
            if shipped.word in ("doubt", "contradicted"):
                return {"status": "stuck", "detail": {"error": "is it on its way?"}}
    left = [name for name, one in told.items() if one.word not in ("refused", "unsent")]
    levels = (
        [left]
        if beside
        else [[name for name in left if name != "hold"], [name for name in left if name == "hold"]]
    )
    for level in levels:
        undone = await asyncio.gather(*(undo(ctx, line, name) for name in level))
        if not all(undone):
            return {"status": "stuck", "detail": {"error": "an undo failed"}}
    return {"status": "compensated"}


async def act(ctx: Any, line: Line, name: str) -> Told:
    return await send(ctx, line, name, *PATHS[name])


async def send(ctx: Any, line: Line, name: str, participant: str, path: str) -> Told:
    url = ctx.urls[participant] + path
    return await line.send("POST", url, key=f"{ctx.saga_id}:{name}", json={"saga_id": ctx.saga_id})


async def undo(ctx: Any, line: Line, name: str) -> bool:
    participant, path = PATHS[name]
    told = await line.send("DELETE", ctx.urls[participant] + path, undo=True, params={"saga_id": ctx.saga_id})
    return told.done
