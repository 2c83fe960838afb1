"""A saga on Restate: a workflow whose steps run once each, and that undoes in reverse.

`python restate_service.py PORT RESTATE_SERVER` starts the server (npm: @restatedev/restate-server) itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta

import calls
import httpx
import restate
from gateway import serve
from hypercorn.asyncio import serve as serve_asgi
from hypercorn.config import Config

workflow = restate.Workflow("Saga")
RETRY = restate.RunOptions(
    initial_retry_interval=timedelta(milliseconds=100), max_retry_interval=timedelta(seconds=1)
)


def _make(saga_id: str, step: int) -> bool:
    try:
        calls.make(saga_id, step)
    except calls.Refused:
        return False
    return True


@workflow.main()
async def run(ctx: restate.WorkflowContext, steps: int) -> str:
    saga_id = ctx.key()
    for step in range(1, steps + 1):
        if not await ctx.run_typed(f"make {step}", _make, RETRY, saga_id=saga_id, step=step):
            for made in range(step - 1, 0, -1):
                await ctx.run_typed(f"undo {made}", calls.undo, RETRY, saga_id=saga_id, step=made)
            return "compensated"
    return "completed"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _serve_workflow(port: int) -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.loglevel = "ERROR"
    asyncio.run(serve_asgi(restate.app([workflow]), config, shutdown_trigger=asyncio.Event().wait))


def _start_server(program: str, ingress: int, admin: int) -> None:
    folder = os.environ["SAGA_STORE_DIR"]
    settings = {
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{_free_port()}",
        "RESTATE_LOG_FILTER": "error",
        "RESTATE_DISABLE_TELEMETRY": "true",
        "RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE": "64MB",
    }
    line = [program, "--base-dir", folder, "--node-name", "node"]
    subprocess.Popen(line, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)


def _register(admin: str, port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            answer = httpx.post(f"{admin}/deployments", json={"uri": f"http://127.0.0.1:{port}"}, timeout=10)
            if answer.is_success:
                return
            problem = answer.text
        except httpx.TransportError as error:
            problem = str(error)
        if time.monotonic() > until:
            raise SystemExit(f"the Restate server does not take the service: {problem}")
        time.sleep(0.1)


if __name__ == "__main__":
    ingress_port, admin_port, own_port = _free_port(), _free_port(), _free_port()
    threading.Thread(target=_serve_workflow, args=(own_port,), daemon=True).start()
    _start_server(sys.argv[2], ingress_port, admin_port)
    _register(f"http://127.0.0.1:{admin_port}", own_port)
    client = httpx.Client(base_url=f"http://127.0.0.1:{ingress_port}", timeout=30)

    def start(saga_id: str, steps: int) -> None:
        client.post(f"/Saga/{saga_id}/run/send", json=steps).raise_for_status()

    def find(saga_id: str) -> str | None:
        answer = client.get(f"/restate/workflow/Saga/{saga_id}/output")
        return str(answer.json()) if answer.status_code == 200 else None

    serve(int(sys.argv[1]), start, find)
