"""Shipping. Its weakness: it looks whether there is a shipment and then makes one, without a lock."""
# mypy: ignore-errors

import time

from service import FIXED, new_id, serve

THINKS_S = 0.02


def create(store, saga_id, key):
    if FIXED:
        return store.create(saga_id, key)
    found = store.by_key(key)
    if found:
        return 201, found
    time.sleep(THINKS_S)  # the price of the parcel is looked up, and meanwhile the same request comes again
    return 201, store.insert(new_id(), saga_id, key)


if __name__ == "__main__":
    serve(create, made_at="POST /shipments")
