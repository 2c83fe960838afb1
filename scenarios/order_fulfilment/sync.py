"""The same saga as a plain function that makes its own client, as most code does."""

from __future__ import annotations

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome
from scenarios.orchestrator import SyncOrchestrator
from scenarios.order_fulfilment.order import Order
from scenarios.order_fulfilment.steps import ORDER_FULFILMENT
from scenarios.outcome import outcome_of
from scenarios.tls import tls


def fulfil_sync(ctx: SagaContext, order: Json) -> Outcome:
    # The services are on this machine: a proxy from the environment is not for them.
    with httpx.Client(verify=tls(), trust_env=False) as client:
        orchestrator = SyncOrchestrator(client, ctx.urls)
        saga_id = orchestrator.start(ORDER_FULFILMENT, Order.read(order), saga_id=ctx.saga_id)
        return outcome_of(orchestrator.status(saga_id))
