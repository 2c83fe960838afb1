"""A callable saga of the durable orchestrator: started, or taken up where its log ends."""

from __future__ import annotations

import contextlib

import httpx

from harness.adapter import SagaContext
from scenarios.orchestrator import (
    DurableOrchestrator,
    DurableSaga,
    SagaEvent,
    SagaStatus,
    SqliteLog,
    UnknownSagaError,
)
from scenarios.orchestrator.definition import D
from scenarios.orchestrator.execution import Watch

LEASE_S = 1.0


def unwatched(event: SagaEvent) -> None:
    del event


async def run_durably(
    ctx: SagaContext,
    saga: DurableSaga[D],
    data: D,
    *,
    lease_s: float = LEASE_S,
    watch: Watch = unwatched,
) -> SagaStatus:
    """lease_s: longer than the longest request. watch: told each event once it is kept.

    One that died before anything was recorded is started. The death of a process, which is what these
    scenarios meet, takes no fsync to survive.
    """
    assert isinstance(ctx.client, httpx.AsyncClient)
    with SqliteLog(ctx.store_dir / "saga.db", synchronous="OFF") as log:
        orchestrator = DurableOrchestrator(ctx.client, ctx.urls, log, [saga], lease_s=lease_s, watch=watch)
        if ctx.resumed:
            with contextlib.suppress(UnknownSagaError):
                return await orchestrator.status(await orchestrator.resume(ctx.saga_id))
        return await orchestrator.status(await orchestrator.start(saga, data, saga_id=ctx.saga_id))
