"""Order fulfilment: reserve the inventory, charge the payment, create the shipment.

Owns one saga in several shapes: a sound one, the same through a plain function, both with a log that
outlives their process, that behind a command, and the one of the document with its weaknesses. See
README.md beside this file.
"""

import sys
from pathlib import Path

from harness.adapter import CallableSaga
from harness.adapter.subprocess import SubprocessSaga
from harness.scenario import Scenario
from scenarios.order_fulfilment.as_documented import as_documented
from scenarios.order_fulfilment.durable import fulfil_durably, fulfil_durably_sync
from scenarios.order_fulfilment.inputs import ONE_LINE_ORDERS, ORDERS
from scenarios.order_fulfilment.participants import PARTICIPANTS
from scenarios.order_fulfilment.sagas import fulfil
from scenarios.order_fulfilment.spec import DURABLE_ASYNC_SPEC, DURABLE_SPEC, SPEC
from scenarios.order_fulfilment.sync import fulfil_sync

__all__ = [
    "order_fulfilment",
    "order_fulfilment_as_documented",
    "order_fulfilment_command",
    "order_fulfilment_durable",
    "order_fulfilment_durable_sync",
    "order_fulfilment_sync",
]


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


def order_fulfilment_durable() -> Scenario:
    return Scenario(
        name="order-fulfilment-durable",
        spec=DURABLE_ASYNC_SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(fulfil_durably, "scenarios.order_fulfilment.durable:fulfil_durably", durable=True),
        inputs=ORDERS,
        summary="the reference orchestrator with a log that outlives its process",
        reference="order-fulfilment-durable",
    )


def order_fulfilment_durable_sync() -> Scenario:
    return Scenario(
        name="order-fulfilment-durable-sync",
        spec=DURABLE_SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(
            fulfil_durably_sync, "scenarios.order_fulfilment.durable:fulfil_durably_sync", durable=True
        ),
        inputs=ORDERS,
        summary="the same saga with its log through a plain function",
        reference="order-fulfilment-durable-sync",
    )


def order_fulfilment_command() -> Scenario:
    return Scenario(
        name="order-fulfilment-command",
        spec=DURABLE_SPEC,
        participants=PARTICIPANTS,
        saga=SubprocessSaga(
            command=(sys.executable, "-m", "scenarios.order_fulfilment.command"),
            cwd=Path(__file__).parents[2],
        ),
        inputs=ORDERS,
        summary="the same saga with its log behind a command",
        reference="order-fulfilment-command",
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
