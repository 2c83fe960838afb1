"""The services that order fulfilment calls. Their manners are those of `fakes`, unchanged."""

from fakes import Inventory, Payments, Shipping

PARTICIPANTS = (
    Inventory(stock={"lamp": 20, "chair": 20}),
    Payments(card_limit_cents=100_000),
    Shipping(),
)
