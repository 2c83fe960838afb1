"""Shipping. Its weakness: it looks whether there is a shipment and then makes one, without a lock."""
# mypy: ignore-errors

import time

from service import FIXED, FOLDER, new_id, serve
from sqlite_store import Store

THINKS_S = 0.05


def create(store, saga_id, key):
    if FIXED:
        return store.create(saga_id, key)
    found = store.by_key(key)
    if found or store.undone(saga_id):
        return found
    time.sleep(THINKS_S)  # the price of the parcel is looked up, and meanwhile the same request comes again
    return store.insert(new_id(), saga_id, key)


serve("/shipments", Store(FOLDER / "shipping.db"), create)
