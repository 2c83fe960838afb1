"""Branches in a TaskGroup that cancels its siblings; a cancelled branch is undone as one in doubt."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sound.talk import Line

PATHS = {"reserve": ("inventory", "/reservations"), "charge": ("payments", "/charges")}


class BranchError(Exception):
    pass


async def order(ctx: Any, input_: Any) -> Any:
    return await walk(ctx, list(PATHS))


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes a cancelled branch for one that never was."""
    return await walk(ctx, [])


async def walk(ctx: Any, undone: list[str]) -> Any:
    line = Line(ctx.client)
    tried: set[str] = set()
    sure: set[str] = set()
    done: set[str] = set()

    async def branch(name: str) -> None:
        tried.add(name)
        participant, path = PATHS[name]
        told = await line.send(
            "POST",
            ctx.urls[participant] + path,
            key=f"{ctx.saga_id}:{name}",
            json={"saga_id": ctx.saga_id},
        )
        if told.word in ("refused", "unsent"):
            sure.add(name)
        if not told.done:
            raise BranchError(name)
        done.add(name)

    try:
        async with asyncio.TaskGroup() as group:
            for name in PATHS:
                group.create_task(branch(name))
    except* BranchError as failed:
        error = str(failed.exceptions[0])
    else:
        return {"status": "completed"}
    for name, (participant, path) in PATHS.items():
        if name in sure or name not in tried or (name not in undone and name not in done):
            continue
        url = ctx.urls[participant] + path
        if not (await line.send("DELETE", url, undo=True, params={"saga_id": ctx.saga_id})).done:
            return {"status": "stuck", "detail": {"error": error}}
    return {"status": "compensated", "detail": {"error": error}}
