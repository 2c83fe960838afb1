"""The three steps of order fulfilment, and what the sagas claim: a lost reply is survived."""

from harness.saga import SagaSpec, Step, StepKind

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
