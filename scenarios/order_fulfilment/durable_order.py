"""The order saga as one that survives its process: its input in the log, and where the log is."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from scenarios.orchestrator import (
    DurableOrchestrator,
    DurableSaga,
    PostgresLog,
    SagaStatus,
    SqliteLog,
    SyncDurableOrchestrator,
    UnknownSagaError,
)
from scenarios.order_fulfilment.order import Order
from scenarios.order_fulfilment.steps import ORDER_FULFILMENT

LOG_URL = "SAGA_LOG_URL"

DURABLE = DurableSaga(
    definition=ORDER_FULFILMENT,
    write=lambda order: msgspec.json.encode(order).decode(),
    read=lambda text: msgspec.json.decode(text, type=Order),
)


def open_log(store_dir: Path) -> SqliteLog | PostgresLog:
    """PostgreSQL where the environment names one, else a file in the store.

    What is feared here is the death of a process, which takes no fsync to survive. Against a loss of power
    leave `synchronous` at its default.
    """
    url = os.environ.get(LOG_URL)
    return PostgresLog(url) if url else SqliteLog(store_dir / "saga.db", synchronous="OFF")


async def bring_to_end(
    orchestrator: DurableOrchestrator, saga_id: str, order: object, *, resumed: bool
) -> SagaStatus:
    """Go on from the log; one that died before anything was recorded is started."""
    if resumed:
        with contextlib.suppress(UnknownSagaError):
            return await orchestrator.status(await orchestrator.resume(saga_id))
    return await orchestrator.status(await orchestrator.start(DURABLE, Order.read(order), saga_id=saga_id))


def bring_to_end_sync(
    orchestrator: SyncDurableOrchestrator, saga_id: str, order: object, *, resumed: bool
) -> SagaStatus:
    """The same without `async`."""
    if resumed:
        with contextlib.suppress(UnknownSagaError):
            return orchestrator.status(orchestrator.resume(saga_id))
    return orchestrator.status(orchestrator.start(DURABLE, Order.read(order), saga_id=saga_id))
