"""The sound saga, asynchronous, through the client that it is given."""

from __future__ import annotations

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome
from scenarios.orchestrator import Orchestrator
from scenarios.order_fulfilment.order import Order
from scenarios.order_fulfilment.steps import ORDER_FULFILMENT
from scenarios.outcome import outcome_of


async def fulfil(ctx: SagaContext, order: Json) -> Outcome:
    assert isinstance(ctx.client, httpx.AsyncClient)
    orchestrator = Orchestrator(ctx.client, ctx.urls)
    saga_id = await orchestrator.start(ORDER_FULFILMENT, Order.read(order), saga_id=ctx.saga_id)
    return outcome_of(await orchestrator.status(saga_id))
