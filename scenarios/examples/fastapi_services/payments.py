"""Payments. Its weakness: idempotency keys are kept in memory, and forgotten at a restart."""
# mypy: ignore-errors

import threading

from service import FIXED, FOLDER, new_id, serve
from sqlite_store import Store

_lock = threading.Lock()
_keys = {}


def create(store, saga_id, key):
    if FIXED:
        return store.create(saga_id, key)
    with _lock:
        if key not in _keys and not store.undone(saga_id):
            _keys[key] = store.insert(new_id(), saga_id, key)
        return _keys.get(key)


serve("/charges", Store(FOLDER / "payments.db"), create)
