"""A saga of one's own, with another house's client: publishes an order, takes it from a queue, holds stock.

It keeps an inbox on disk, and goes on where its connection was cut.
"""

import asyncio
import json
import os
import sys
import urllib.request
from pathlib import Path

import aio_pika

BUS = "events"
QUEUE = "orders"


async def publish(url: str, saga_id: str) -> None:
    """Until a confirm came, by a connection of its own each time; the message has the same id."""
    message = aio_pika.Message(
        json.dumps({"saga_id": saga_id}).encode(),
        message_id=f"{saga_id}-placed",
        type="Placed",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
    for _ in range(10):
        try:
            connection = await aio_pika.connect(url, timeout=1)
            async with connection:
                channel = await connection.channel()
                exchange = await channel.get_exchange(BUS)
                await exchange.publish(message, routing_key="Placed", timeout=0.5)
                return
        except (OSError, TimeoutError, aio_pika.exceptions.AMQPError):
            await asyncio.sleep(0.05)
    raise RuntimeError("no confirm")


async def declare(url: str) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(QUEUE, durable=True)
        await queue.bind(BUS, routing_key="Placed")


async def consume(url: str, saga_id: str, seen: list[bool]) -> None:
    """Holds stock once; whatever comes again is acknowledged, and not done again."""
    inbox = Path(os.environ["SAGA_STORE_DIR"]) / "inbox"
    while True:
        try:
            connection = await aio_pika.connect(url, timeout=1)
            async with connection:
                channel = await connection.channel()
                queue = await channel.get_queue(QUEUE)
                async with queue.iterator() as messages:
                    async for message in messages:
                        seen.append(bool(message.redelivered))
                        if not inbox.exists():
                            await asyncio.to_thread(hold, saga_id)
                            inbox.write_text(str(message.message_id))
                        await message.ack()
        except (OSError, TimeoutError, aio_pika.exceptions.AMQPError):
            pass
        await asyncio.sleep(0.05)


def hold(saga_id: str) -> None:
    request = urllib.request.Request(
        f"{os.environ['SAGA_STOCK_URL']}/holds",
        data=json.dumps({"saga_id": saga_id}).encode(),
        headers={"Idempotency-Key": f"{saga_id}:hold", "content-type": "application/json"},
        method="POST",
    )
    urllib.request.urlopen(request, timeout=2).close()


async def main(saga_id: str) -> None:
    url = os.environ["SAGA_EVENTS_URL"]
    seen: list[bool] = []
    await declare(url)
    task = asyncio.create_task(consume(url, saga_id, seen))
    await publish(url, saga_id)
    while not seen:  # noqa: ASYNC110 - another task appends to it
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.8)  # what comes again comes within that
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    print("OUTCOME " + json.dumps({"status": "completed", "detail": {"seen": seen}}))  # noqa: T201


if __name__ == "__main__":
    sys.stdin.read()
    asyncio.run(main(sys.argv[2]))
