"""A saga on Temporal: a workflow whose steps are activities, and that undoes in reverse.

`python temporal_service.py PORT TEMPORAL`: starts a development server (the `temporal` command) for itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import RetryPolicy
from temporalio.service import RPCError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    import calls
    from gateway import serve

QUEUE = "sagas"
RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=1))
LIMIT = timedelta(seconds=10)


@activity.defn
def make(saga_id: str, step: int) -> bool:
    try:
        calls.make(saga_id, step)
    except calls.Refused:
        return False
    return True


@activity.defn
def undo(saga_id: str, step: int) -> None:
    calls.undo(saga_id, step)


@workflow.defn
class Saga:
    @workflow.run
    async def run(self, saga_id: str, steps: int) -> str:
        for step in range(1, steps + 1):
            if not await self.act(make, saga_id, step):
                for made in range(step - 1, 0, -1):
                    await self.act(undo, saga_id, made)
                return "compensated"
        return "completed"

    async def act(self, what, saga_id, step):
        return await workflow.execute_activity(
            what, args=[saga_id, step], start_to_close_timeout=LIMIT, retry_policy=RETRY
        )


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def _connected(address: str) -> Client:
    until = time.monotonic() + 60
    while True:
        try:
            return await Client.connect(address)
        except RuntimeError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


async def main(port: int, program: str) -> None:
    own, metrics = _free_port(), _free_port()
    line = [program, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(own)]
    rest = ["--metrics-port", str(metrics), "--db-filename", f"{os.environ['SAGA_STORE_DIR']}/temporal.sqlite"]
    subprocess.Popen([*line, *rest, "--log-level", "never"], stdout=subprocess.DEVNULL)
    client = await _connected(f"127.0.0.1:{own}")
    loop = asyncio.get_running_loop()

    def start(saga_id: str, steps: int) -> None:
        begun = client.start_workflow(Saga.run, args=[saga_id, steps], id=saga_id, task_queue=QUEUE)
        asyncio.run_coroutine_threadsafe(begun, loop).result()

    def find(saga_id: str) -> str | None:
        return asyncio.run_coroutine_threadsafe(_outcome(client, saga_id), loop).result()

    threading.Thread(target=serve, args=(port, start, find), daemon=True).start()
    with ThreadPoolExecutor(64) as threads:
        worker = Worker(
            client, task_queue=QUEUE, workflows=[Saga], activities=[make, undo], activity_executor=threads
        )
        await worker.run()


async def _outcome(client: Client, saga_id: str) -> str | None:
    try:
        told = await client.get_workflow_handle(saga_id).describe()
    except RPCError:
        return None
    if told.status is WorkflowExecutionStatus.RUNNING:
        return None
    if told.status is not WorkflowExecutionStatus.COMPLETED:
        return "stuck"
    return str(await client.get_workflow_handle(saga_id).result())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
