"""Order fulfilment: reserve the inventory, charge the payment, create the shipment.

    reserve_inventory   compensable   POST /reservations at inventory   undone by DELETE /reservations/{id}
    process_payment     compensable   POST /charges at payments         undone by POST /charges/{id}/refunds
    create_shipment     pivot         POST /shipments at shipping       asked about when in doubt

All three heed idempotency keys. What may happen: the stock is out, the card is declined, a reply is lost, a
shipment lands late, a refund fails, the process dies anywhere.

Owns one saga in several shapes: a sound one, the same through a plain function, both with a log that
outlives their process, that behind a command, and the one of the document with its weaknesses. See
README.md beside this file.
"""

import sys
from pathlib import Path

from harness.adapter import CallableSaga, SagaAdapter
from harness.adapter.subprocess import SubprocessSaga
from harness.saga import Json, SagaSpec
from harness.scenario import Scenario
from scenarios.order_fulfilment.as_documented import as_documented as saga_as_documented
from scenarios.order_fulfilment.durable import fulfil_durably, fulfil_durably_sync
from scenarios.order_fulfilment.forward import FORWARD_SPEC, fulfil_forward
from scenarios.order_fulfilment.inputs import ONE_LINE_ORDERS, ORDERS
from scenarios.order_fulfilment.participants import PARTICIPANTS
from scenarios.order_fulfilment.sagas import fulfil
from scenarios.order_fulfilment.spec import DURABLE_ASYNC_SPEC, DURABLE_SPEC, SPEC
from scenarios.order_fulfilment.sync import fulfil_sync

_FOLDER = Path(__file__).parent
_SHARED = (_FOLDER / "steps.py", _FOLDER / "order.py", _FOLDER.parent / "orchestrator")
_DURABLE = (_FOLDER / "durable.py", _FOLDER / "durable_order.py", *_SHARED)

__all__ = [
    "order_fulfilment",
    "order_fulfilment_as_documented",
    "order_fulfilment_command",
    "order_fulfilment_durable",
    "order_fulfilment_durable_sync",
    "order_fulfilment_forward",
    "order_fulfilment_sync",
]


def order_fulfilment() -> Scenario:
    saga = CallableSaga(fulfil, "scenarios.order_fulfilment.sagas:fulfil")
    sources = (_FOLDER / "sagas.py", *_SHARED)
    return _scenario("order-fulfilment", saga, "the reference orchestrator, sound", sources=sources)


def order_fulfilment_sync() -> Scenario:
    return _scenario(
        "order-fulfilment-sync",
        CallableSaga(fulfil_sync, "scenarios.order_fulfilment.sync:fulfil_sync"),
        "the same saga through a plain function with its own httpx.Client",
        sources=(_FOLDER / "sync.py", *_SHARED),
    )


def order_fulfilment_durable() -> Scenario:
    return _scenario(
        "order-fulfilment-durable",
        CallableSaga(fulfil_durably, "scenarios.order_fulfilment.durable:fulfil_durably", durable=True),
        "the reference orchestrator with a log that outlives its process",
        spec=DURABLE_ASYNC_SPEC,
        sources=_DURABLE,
    )


def order_fulfilment_durable_sync() -> Scenario:
    return _scenario(
        "order-fulfilment-durable-sync",
        CallableSaga(
            fulfil_durably_sync, "scenarios.order_fulfilment.durable:fulfil_durably_sync", durable=True
        ),
        "the same saga with its log through a plain function",
        spec=DURABLE_SPEC,
        sources=_DURABLE,
    )


def order_fulfilment_command() -> Scenario:
    return _scenario(
        "order-fulfilment-command",
        SubprocessSaga(
            command=(sys.executable, "-m", "scenarios.order_fulfilment.command"),
            cwd=_FOLDER.parents[1],
        ),
        "the same saga with its log behind a command",
        spec=DURABLE_SPEC,
        sources=(_FOLDER / "command.py", *_DURABLE),
    )


def order_fulfilment_forward() -> Scenario:
    return _scenario(
        "order-fulfilment-forward",
        CallableSaga(fulfil_forward, "scenarios.order_fulfilment.forward:fulfil_forward"),
        "the payment is the pivot, and the shipment is retried forward",
        spec=FORWARD_SPEC,
        sources=(_FOLDER / "forward.py", *_SHARED),
    )


def order_fulfilment_as_documented() -> Scenario:
    return _scenario(
        "order-fulfilment-as-documented",
        CallableSaga(saga_as_documented, "scenarios.order_fulfilment.as_documented:as_documented"),
        "the saga as the document describes it, with its weaknesses",
        inputs=ONE_LINE_ORDERS,
        holds=False,
    )


def _scenario(
    name: str,
    saga: SagaAdapter,
    summary: str,
    *,
    spec: SagaSpec = SPEC,
    inputs: tuple[Json, ...] = ORDERS,
    holds: bool = True,
    sources: tuple[Path, ...] | None = None,
) -> Scenario:
    """One shape of the saga; each is registered under its name."""
    return Scenario(
        name=name,
        spec=spec,
        participants=PARTICIPANTS,
        saga=saga,
        inputs=inputs,
        holds=holds,
        summary=summary,
        reference=name,
        sources=sources,
    )
