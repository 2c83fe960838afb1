"""A saga of one's own, with redis-py: adds an order to a stream, reads it as a consumer group, holds stock.

It keeps an inbox on disk, and claims what was not acknowledged.
"""

import asyncio
import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

import redis.asyncio as redis

STREAM = "events:Placed"
GROUP, CONSUMER = "orders", "one"
IDLE_MS = 100


async def publish(client: redis.Redis, saga_id: str) -> None:
    """Until the entry's id came; it is the same event each time."""
    fields = {"ce-id": f"{saga_id}-placed", "data": json.dumps({"saga_id": saga_id})}
    for _ in range(10):
        try:
            await client.xadd(STREAM, fields)
        except (OSError, redis.RedisError):
            await asyncio.sleep(0.05)
        else:
            return
    raise RuntimeError("it was not added")


async def consume(client: redis.Redis, saga_id: str, seen: list[bool]) -> None:
    """Holds stock once; whatever comes again is acknowledged, and not done again."""
    while True:
        try:
            _, claimed, _ = await client.xautoclaim(STREAM, GROUP, CONSUMER, IDLE_MS)
            found = await client.xreadgroup(GROUP, CONSUMER, {STREAM: ">"}, block=50)
            fresh = [one for _, entries in pairs(found) for one in entries]
            for again, entries in ((True, claimed), (False, fresh)):
                for entry, fields in entries:
                    seen.append(again)
                    await handle(saga_id, fields)
                    await client.xack(STREAM, GROUP, entry)
        except (OSError, redis.RedisError):
            await asyncio.sleep(0.05)


def pairs(found: Any) -> list[tuple[Any, Any]]:
    """As RESP2 has them, or RESP3."""
    if isinstance(found, dict):
        return [(name, [one for part in entries for one in part]) for name, entries in found.items()]
    return list(found or ())


async def handle(saga_id: str, fields: dict[str, str]) -> None:
    inbox = Path(os.environ["SAGA_STORE_DIR"]) / "inbox"
    if not inbox.exists():
        await asyncio.to_thread(hold, saga_id)
        inbox.write_text(fields["ce-id"])


def hold(saga_id: str) -> None:
    request = urllib.request.Request(
        f"{os.environ['SAGA_STOCK_URL']}/holds",
        data=json.dumps({"saga_id": saga_id}).encode(),
        headers={"Idempotency-Key": f"{saga_id}:hold", "content-type": "application/json"},
        method="POST",
    )
    urllib.request.urlopen(request, timeout=2).close()


async def main(saga_id: str) -> None:
    options = {"decode_responses": True, "protocol": int(os.environ.get("RESP", "2")), "socket_timeout": 0.5}
    url = os.environ["SAGA_EVENTS_URL"]
    seen: list[bool] = []
    async with redis.from_url(url, **options) as client, redis.from_url(url, **options) as other:
        await client.xgroup_create(STREAM, GROUP, mkstream=True)
        task = asyncio.create_task(consume(client, saga_id, seen))
        await publish(other, saga_id)
        while not seen:  # noqa: ASYNC110 - another task appends to it
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.8)  # what comes again comes within that
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    print("OUTCOME " + json.dumps({"status": "completed", "detail": {"seen": seen}}))  # noqa: T201


if __name__ == "__main__":
    sys.stdin.read()
    asyncio.run(main(sys.argv[2]))
