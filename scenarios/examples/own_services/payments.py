"""Payments. Its weakness: idempotency keys are kept in memory, and forgotten at a restart."""
# mypy: ignore-errors

import threading

from service import FIXED, new_id, serve

_keys = {}
_lock = threading.Lock()


def create(store, saga_id, key):
    if FIXED:
        return store.create(saga_id, key)
    with _lock:
        if key in _keys:
            return 201, _keys[key]
        if store.undone(saga_id):
            return 409, None
        _keys[key] = store.insert(new_id(), saga_id, key)
        return 201, _keys[key]


if __name__ == "__main__":
    serve(create, made_at="POST /charges", undone_at="POST /refunds")
