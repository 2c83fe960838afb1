"""The document's pivot in the middle: once the payment is taken, there is only forward.

Reserve the inventory, which can be released; charge the payment, the point of no return; create the shipment,
retried with exponential back-off until it succeeds, or until a person has to see to it.
"""

from __future__ import annotations

from dataclasses import replace

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome, StepKind
from scenarios.orchestrator import Call, Orchestrator, SagaBuilder, StepContext
from scenarios.order_fulfilment.order import Order
from scenarios.order_fulfilment.spec import SPEC
from scenarios.order_fulfilment.steps import (
    create_shipment,
    find_shipment,
    process_payment,
    release_inventory,
    reserve_inventory,
)
from scenarios.outcome import outcome_of

_KINDS = {"process_payment": StepKind.PIVOT, "create_shipment": StepKind.RETRIABLE}

FORWARD_SPEC = replace(
    SPEC,
    steps=tuple(
        replace(step, kind=_KINDS[step.name], compensation=None) if step.name in _KINDS else step
        for step in SPEC.steps
    ),
)


def find_charge(ctx: StepContext[Order]) -> Call:
    return Call(service="payments", method="GET", path="/charges", query=ctx.of_saga)


FORWARD = (
    SagaBuilder[Order]("OrderFulfilment")
    .step("reserve_inventory")
    .action(reserve_inventory)
    .compensation(release_inventory)
    .with_retry(max_attempts=3, backoff_s=0.03)
    .step("process_payment")
    .action(process_payment)
    .found_by(find_charge)
    .pivot()
    .step("create_shipment")
    .action(create_shipment)
    .found_by(find_shipment)
    .with_retry(max_attempts=8, backoff_s=0.05)
    .retriable()
    .build()
)


async def fulfil_forward(ctx: SagaContext, order: Json) -> Outcome:
    assert isinstance(ctx.client, httpx.AsyncClient)
    orchestrator = Orchestrator(ctx.client, ctx.urls)
    saga_id = await orchestrator.start(FORWARD, Order.read(order), saga_id=ctx.saga_id)
    return outcome_of(await orchestrator.status(saga_id))
