"""A saga on DBOS: a durable workflow of steps, kept in SQLite, that undoes in reverse.

`python dbos_service.py PORT`
"""

from __future__ import annotations

import os
import sys

from dbos import DBOS, DBOSConfig, SetWorkflowID

import calls
from gateway import serve

ATTEMPTS = 10


@DBOS.step(retries_allowed=True, max_attempts=ATTEMPTS, interval_seconds=0.1)
def make(saga_id: str, step: int) -> bool:
    try:
        calls.make(saga_id, step)
    except calls.Refused:
        return False
    return True


@DBOS.step(retries_allowed=True, max_attempts=ATTEMPTS, interval_seconds=0.1)
def undo(saga_id: str, step: int) -> None:
    calls.undo(saga_id, step)


@DBOS.workflow()
def saga(saga_id: str, steps: int) -> str:
    for step in range(1, steps + 1):
        if not make(saga_id, step):
            for made in range(step - 1, 0, -1):
                undo(saga_id, made)
            return "compensated"
    return "completed"


def start(saga_id: str, steps: int) -> None:
    with SetWorkflowID(saga_id):
        DBOS.start_workflow(saga, saga_id, steps)


def find(saga_id: str) -> str | None:
    status = DBOS.get_workflow_status(saga_id)
    if status is None or status.status in ("PENDING", "ENQUEUED"):
        return None
    return str(DBOS.retrieve_workflow(saga_id).get_result()) if status.status == "SUCCESS" else "stuck"


if __name__ == "__main__":
    folder = os.environ["SAGA_STORE_DIR"]
    config: DBOSConfig = {
        "name": "saga",
        "system_database_url": f"sqlite:///{folder}/dbos.sqlite",
        "log_level": "ERROR",
        "enable_otlp": False,
    }
    DBOS(config=config)
    DBOS.launch()
    serve(int(sys.argv[1]), start, find)
