"""Order fulfilment: reserve the inventory, charge the payment, create the shipment.

Owns one saga in three shapes: a sound one, the same through a plain function, and the one of the
document with its weaknesses. See README.md beside this file.
"""

from harness.adapter import CallableSaga
from harness.scenario import Scenario
from scenarios.order_fulfilment.as_documented import as_documented
from scenarios.order_fulfilment.inputs import ONE_LINE_ORDERS, ORDERS
from scenarios.order_fulfilment.participants import PARTICIPANTS
from scenarios.order_fulfilment.sagas import fulfil
from scenarios.order_fulfilment.spec import SPEC
from scenarios.order_fulfilment.sync import fulfil_sync

__all__ = ["order_fulfilment", "order_fulfilment_as_documented", "order_fulfilment_sync"]


def order_fulfilment() -> Scenario:
    return Scenario(
        name="order-fulfilment",
        spec=SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(fulfil, "scenarios.order_fulfilment.sagas:fulfil"),
        inputs=ORDERS,
        summary="the reference orchestrator, sound",
        reference="order-fulfilment",
    )


def order_fulfilment_sync() -> Scenario:
    return Scenario(
        name="order-fulfilment-sync",
        spec=SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(fulfil_sync, "scenarios.order_fulfilment.sync:fulfil_sync"),
        inputs=ORDERS,
        summary="the same saga through a plain function with its own httpx.Client",
        reference="order-fulfilment-sync",
    )


def order_fulfilment_as_documented() -> Scenario:
    return Scenario(
        name="order-fulfilment-as-documented",
        spec=SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(as_documented, "scenarios.order_fulfilment.as_documented:as_documented"),
        inputs=ONE_LINE_ORDERS,
        holds=False,
        summary="the saga as the document describes it, with its weaknesses",
        reference="order-fulfilment-as-documented",
    )
