# ruff: noqa: T201 - what it prints is what it is for
"""Run by test_determinism in processes of their own: prints every order that sets could spoil."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Any

from harness.clock import Scheduler, virtual_time

COUNT = 60


async def cancelled_in_a_group() -> list[str]:
    order: list[str] = []

    async def member(number: int) -> None:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            order.append(f"member-{number}")
            raise

    async def fails() -> None:
        await asyncio.sleep(1)
        raise KeyError

    try:
        async with asyncio.TaskGroup() as group:
            for number in range(COUNT):
                group.create_task(member(number))
            group.create_task(fails())
    except* KeyError:
        pass
    return order


async def walked_by_wait() -> list[str]:
    tasks: set[asyncio.Future[Any]] = {
        asyncio.create_task(asyncio.sleep(number % 2)) for number in range(COUNT)
    }
    gathered: list[asyncio.Future[Any]] = [asyncio.gather(asyncio.sleep(0)) for _ in range(COUNT)]
    done, pending = await asyncio.wait(tasks | set(gathered), return_when=asyncio.FIRST_COMPLETED)
    number_of = {id(each): number for number, each in enumerate(gathered)}
    walked = [
        each.get_name() if isinstance(each, asyncio.Task) else f"gathered-{number_of[id(each)]}"
        for each in [*done, *pending]
    ]
    await asyncio.wait([*tasks, *gathered])
    return walked


async def as_they_complete() -> list[int]:
    async def answers(number: int) -> int:
        return number

    return [await each for each in asyncio.as_completed([answers(number) for number in range(COUNT)])]


async def closed_generators() -> list[int]:
    closed: list[int] = []

    async def stream(number: int) -> AsyncIterator[int]:
        try:
            yield number
        finally:
            closed.append(number)

    streams = [stream(number) for number in range(COUNT)]
    for each in streams:
        await anext(each)
    await asyncio.get_running_loop().shutdown_asyncgens()
    return closed


def main() -> None:
    ballast = [object() for _ in range(int(sys.argv[1]))]  # moves addresses
    with virtual_time.active(Scheduler(), seed="a seed") as scheduler:
        for what in (cancelled_in_a_group, walked_by_wait, as_they_complete, closed_generators):
            print(what.__name__, asyncio.run(what()))
        print(
            uuid.uuid4(), uuid.uuid1(), secrets.token_hex(4), os.urandom(4), random.random(), scheduler.now_s
        )
        print(random.Random().random(), random.SystemRandom().random())
    scheduler.close()
    del ballast


if __name__ == "__main__":
    main()
