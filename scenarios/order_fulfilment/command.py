"""The durable saga behind a command, as the contract for any language has it.

python -m scenarios.order_fulfilment.command run|resume ID    # the order as JSON on stdin
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from scenarios.orchestrator import SagaState, SagaStatus, SyncDurableOrchestrator, told
from scenarios.order_fulfilment.durable_order import DURABLE, bring_to_end_sync, open_log
from scenarios.tls import tls

SERVICES = ("inventory", "payments", "shipping")
_USAGE = "usage: python -m scenarios.order_fulfilment.command run|resume ID, with the order as JSON on stdin"


def main(arguments: Sequence[str], environment: Mapping[str, str], stdin: str) -> str:
    """The outcome as a line."""
    if len(arguments) != 2 or arguments[0] not in ("run", "resume"):
        raise SystemExit(f"{_USAGE}; found {' '.join(arguments) or 'no arguments'}")
    word, saga_id = arguments
    urls = {service: environment[f"SAGA_{service.upper()}_URL"] for service in SERVICES}
    store_dir = Path(environment["SAGA_STORE_DIR"])
    with open_log(store_dir) as log, httpx.Client(verify=tls(), trust_env=False) as client:
        orchestrator = SyncDurableOrchestrator(client, urls, log, [DURABLE])
        status = bring_to_end_sync(orchestrator, saga_id, json.loads(stdin), resumed=word == "resume")
    return "OUTCOME " + json.dumps(_told(status))


def _told(status: SagaStatus) -> dict[str, object]:
    events = [told(event) for event in status.events]
    return {"status": _word(status), "detail": {"error": status.error, "log": status.log, "events": events}}


def _word(status: SagaStatus) -> str:
    if status.state is SagaState.COMPLETED:
        return "completed"
    if status.state is SagaState.FAILED:
        return "stuck" if status.stuck else "compensated"
    return "running"


if __name__ == "__main__":
    print(main(sys.argv[1:], os.environ, sys.stdin.read()))  # noqa: T201 - the contract is a line on stdout
