"""What the four services share: their routes, in FastAPI. FIXED=1 in the environment: without a weakness.

`python3 payments.py PORT FOLDER` serves. A store says what is held, and what was undone; which one, and how a
create goes about it, each service brings itself.
"""
# mypy: ignore-errors

import itertools
import os
import sys
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header, Response
from pydantic import BaseModel

FIXED = os.environ.get("FIXED") == "1"
PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])

_numbers = itertools.count(1)


class Order(BaseModel):
    saga_id: str
    input: dict = {}


def new_id():
    """Of no other process, and so of none before a restart."""
    return f"{os.getpid()}-{next(_numbers)}"


def serve(path, store, create):
    """create(store, saga_id, key) returns an id, or None where the saga was undone before."""
    app = FastAPI()

    @app.get("/health")
    def health():
        return {}

    @app.post(path)
    def make(order: Order, response: Response, idempotency_key: Annotated[str, Header()]):
        id_ = create(store, order.saga_id, idempotency_key)
        response.status_code = 201 if id_ else 409
        return {"id": id_} if id_ else {"detail": "undone before it arrived"}

    @app.delete(path)
    def undo(saga_id: str):
        store.undo(saga_id)
        return {"saga_id": saga_id}

    @app.get(path)
    def held(saga_id: str):
        return {"items": [{"id": id_} for id_ in store.held(saga_id)]}

    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
