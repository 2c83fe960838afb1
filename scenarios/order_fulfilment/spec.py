"""The three steps of order fulfilment, and what the sagas claim."""

from dataclasses import replace

from harness.saga import Claim, SagaSpec, Step, StepKind

SPEC = SagaSpec(
    name="order-fulfilment",
    steps=(
        Step(
            name="reserve_inventory",
            action="inventory.reservation.create",
            compensation="inventory.reservation.delete",
        ),
        Step(
            name="process_payment",
            action="payments.charge.create",
            compensation="payments.charge.delete",
        ),
        Step(name="create_shipment", action="shipping.shipment.create", kind=StepKind.PIVOT),
    ),
)

DURABLE_SPEC = replace(
    SPEC,
    claims=SPEC.claims
    | {Claim.PROCESS_DEATH, Claim.OTHER_NODE, Claim.RETRY_ELSEWHERE, Claim.DUPLICATE_START},
)

# Only what is asynchronous can be cancelled.
DURABLE_ASYNC_SPEC = replace(DURABLE_SPEC, claims=DURABLE_SPEC.claims | {Claim.CANCEL})
