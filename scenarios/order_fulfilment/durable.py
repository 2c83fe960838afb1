"""The durable saga in both shapes."""

from __future__ import annotations

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome
from scenarios.orchestrator import DurableOrchestrator, SyncDurableOrchestrator
from scenarios.order_fulfilment.durable_order import DURABLE, bring_to_end, bring_to_end_sync, open_log
from scenarios.outcome import outcome_of
from scenarios.tls import tls


async def fulfil_durably(ctx: SagaContext, order: Json) -> Outcome:
    assert isinstance(ctx.client, httpx.AsyncClient)
    with open_log(ctx.store_dir) as log:
        orchestrator = DurableOrchestrator(ctx.client, ctx.urls, log, [DURABLE])
        return outcome_of(await bring_to_end(orchestrator, ctx.saga_id, order, resumed=ctx.resumed))


def fulfil_durably_sync(ctx: SagaContext, order: Json) -> Outcome:
    # The services are on this machine: a proxy from the environment is not for them.
    with open_log(ctx.store_dir) as log, httpx.Client(verify=tls(), trust_env=False) as client:
        orchestrator = SyncDurableOrchestrator(client, ctx.urls, log, [DURABLE])
        return outcome_of(bring_to_end_sync(orchestrator, ctx.saga_id, order, resumed=ctx.resumed))
