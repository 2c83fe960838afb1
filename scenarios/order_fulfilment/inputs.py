"""The orders that are fulfilled: each can be, so that the run without faults completes."""

from harness.saga import Json

ORDERS: tuple[Json, ...] = (
    {
        "order_id": "order-1",
        "customer_id": "customer-7",
        "items": [{"sku": "lamp", "quantity": 1}],
        "total_cents": 4_200,
        "address": "1 Harbour Street",
    },
    {
        "order_id": "order-2",
        "customer_id": "customer-7",
        "items": [{"sku": "lamp", "quantity": 2}, {"sku": "chair", "quantity": 4}],
        "total_cents": 48_400,
        "address": "1 Harbour Street",
    },
    {
        "order_id": "order-3",
        "customer_id": "customer-9",
        "items": [{"sku": "chair", "quantity": 20}],
        "total_cents": 100_000,
        "address": "Room 5, 22 Mill Lane",
    },
)

# The document reserves line by line but makes one key for each step. With two lines the second is
# refused as another request under a used key, so that nothing could ever be fulfilled.
ONE_LINE_ORDERS: tuple[Json, ...] = (ORDERS[0], ORDERS[2])
