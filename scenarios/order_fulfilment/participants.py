"""The services that order fulfilment calls. They behave as those of `fakes`."""

from fakes import Inventory, Payments, Shipping

# Enough for a benchmark in which many orders share one warehouse.
PARTICIPANTS = (
    Inventory(stock={"lamp": 1_000_000, "chair": 1_000_000}),
    Payments(card_limit_cents=100_000),
    Shipping(),
)
