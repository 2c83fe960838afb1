"""Answers the commands of the core from the fakes, at once, with faults put in by hand."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fakes import Inventory, Payments, Shipping
from harness.participant import Owner, Request, RestParticipant
from scenarios.orchestrator import (
    Answered,
    RetryPolicy,
    SagaEvent,
    SagaInstance,
    Send,
    Sleep,
    Unanswered,
    run_saga,
)
from scenarios.order_fulfilment.inputs import ORDERS
from scenarios.order_fulfilment.order import Order
from scenarios.order_fulfilment.steps import ORDER_FULFILMENT

SAGA_ID = "saga-1"
ORDER = Order.read(ORDERS[0])
OWNERS = {"inventory": "reserve_inventory", "payments": "process_payment", "shipping": "create_shipment"}

Answer = Answered | Unanswered
Fault = Callable[[Callable[[], Answered]], Answer]


def lost_reply(deliver: Callable[[], Answered]) -> Answer:
    deliver()
    return Unanswered(sent=True, error="ReadTimeout")


def lost_request(deliver: Callable[[], Answered]) -> Answer:
    del deliver
    return Unanswered(sent=True, error="ReadTimeout")


def unreachable(deliver: Callable[[], Answered]) -> Answer:
    del deliver
    return Unanswered(sent=False, error="ConnectError")


def garbled(deliver: Callable[[], Answered]) -> Answer:
    return Answered(status=deliver().status, readable=False)


def answers(status: int, retry_after_s: float | None = None) -> Fault:
    return lambda deliver: Answered(status=status, content={}, retry_after_s=retry_after_s)


class KilledError(Exception):
    """The process died after an event was kept."""


@dataclass
class Desk:
    """`faults` maps an operation to what happens to its first calls, in order; the last one repeats."""

    faults: Mapping[str, list[Fault]] = field(default_factory=dict)
    dies_after: int | None = None
    services: Mapping[str, RestParticipant] = field(
        default_factory=lambda: {"inventory": Inventory(), "payments": Payments(), "shipping": Shipping()}
    )
    sent: list[tuple[str, Send]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    events: list[SagaEvent] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    def run(self, instance: SagaInstance | None = None) -> SagaInstance:
        """Bring a saga to its end, or to its death."""
        instance = instance or SagaInstance(saga_id=SAGA_ID, saga_type=ORDER_FULFILMENT.name)
        saga = run_saga(ORDER_FULFILMENT, ORDER, instance, RetryPolicy())
        reply: Answer | None = None
        while True:
            try:
                command = saga.send(reply)
            except StopIteration:
                return instance
            reply = None
            if isinstance(command, Send):
                reply = self._exchange(command)
            elif isinstance(command, Sleep):
                self.slept.append(command.seconds)
            else:
                self.events.append(command.event)
                if len(self.events) == self.dies_after:
                    raise KilledError

    def names(self) -> list[str]:
        """The events so far, by name."""
        return [type(event).__name__ for event in self.events]

    def operations(self) -> list[str]:
        """What was sent, in order."""
        return [name for name, _ in self.sent]

    def left(self) -> list[str]:
        """What the services hold."""
        return [one.resource for service in self.services.values() for one in service.ledger.live()]

    def _exchange(self, send: Send) -> Answer:
        service = self.services[send.call.service]
        matched = service.router.match(send.call.method, send.call.path)
        assert matched is not None
        name = matched.operation.name
        self.sent.append((name, send))
        self.calls[name] += 1
        request = Request(
            method=send.call.method,
            path=send.call.path,
            query=dict(send.call.query),
            headers={"idempotency-key": send.key} if send.key else {},
            body=send.call.body,
        )
        owner = Owner(saga_id=SAGA_ID, step=OWNERS[send.call.service])

        def deliver() -> Answered:
            response = service.handle(matched.operation, matched.id, request, owner).response
            content = json.loads(response.body) if response.body else None
            return Answered(status=response.status, content=content)

        faults = self.faults.get(name, [])
        nth = min(self.calls[name], len(faults)) - 1
        return faults[nth](deliver) if faults else deliver()


def fine(deliver: Callable[[], Answered]) -> Answer:
    return deliver()
