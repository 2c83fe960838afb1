"""How many runs a second a saga behind FastAPI makes without process faults, with workers side by side."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from harness.campaign.pool import Pool
from harness.loading import load
from harness.plan import Fault, FaultPlan
from tests.two_steps import TWO_STEPS

PROGRAM = """
# As a team would write it: POST answers at once, the work goes on. What it knows, it keeps in memory.
import asyncio
import os
import sys

import httpx
import uvicorn
from fastapi import BackgroundTasks, FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()
client = httpx.AsyncClient(timeout=0.5)
known: dict[str, dict[str, object]] = {}
STEPS = (
    ("reserve", os.environ["SAGA_INVENTORY_URL"] + "/reservations"),
    ("charge", os.environ["SAGA_PAYMENTS_URL"] + "/charges"),
)
ATTEMPTS = 4


class Order(BaseModel):
    id: str
    input: dict[str, object] = {}


@app.post("/sagas", status_code=202)
async def start(order: Order, later: BackgroundTasks) -> dict[str, object]:
    if order.id not in known:
        known[order.id] = {"status": "running"}
        later.add_task(work, order.id)
    return {"id": order.id}


@app.get("/sagas/{saga_id}")
async def status(saga_id: str) -> dict[str, object]:
    if saga_id not in known:
        raise HTTPException(404)
    return known[saga_id]


async def work(saga_id: str) -> None:
    for number, (step, url) in enumerate(STEPS):
        error = await send("POST", url, f"{saga_id}:{step}", json={"saga_id": saga_id})
        if error:
            known[saga_id] = await undo(saga_id, number, f"{step}: {error}")
            return
    known[saga_id] = {"status": "completed"}


async def undo(saga_id: str, begun: int, error: str) -> dict[str, object]:
    for step, url in reversed(STEPS[: begun + 1]):
        failed = await send("DELETE", url, f"{saga_id}:undo-{step}", params={"saga_id": saga_id})
        if failed:
            return {"status": "stuck", "detail": {"error": f"{error}; undo of {step}: {failed}"}}
    return {"status": "compensated", "detail": {"error": error}}


async def send(method: str, url: str, key: str, **request: object) -> str:
    error = ""
    for attempt in range(ATTEMPTS):
        await asyncio.sleep(0.05 * attempt)
        try:
            reply = await client.request(method, url, headers={"Idempotency-Key": key}, **request)
        except httpx.TransportError as problem:
            error = type(problem).__name__
            continue
        if reply.is_success:
            return ""
        error = f"answered {reply.status_code}"
        if reply.status_code < 500 and reply.status_code != 429:
            break
    return error


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
"""
FILE = (
    f"""
format_version = 1
name = "fastapi"
[saga]
adapter = "http"
base_url = "http://127.0.0.1:{{port}}"
start = ["{sys.executable}", "service.py", "{{port}}"]
"""
    + TWO_STEPS
)
PLANS = (
    FaultPlan(),
    FaultPlan((Fault(kind="error_before", operation="payments.charge.create"),)),
    FaultPlan((Fault(kind="reject", operation="payments.charge.create"),)),
    FaultPlan((Fault(kind="lose_request", operation="inventory.reservation.create"),)),
)


def runs_per_s(runs: int, workers: int, plans: tuple[FaultPlan, ...] = PLANS) -> float:
    """Runs a second once each worker has started its service: without faults, with errors and lost requests.

    `plans[:1]` are those without faults.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "saga.toml"
        file.write_text(FILE)
        (Path(folder) / "service.py").write_text(PROGRAM)
        with Pool(
            load(str(file)), "wire", workers=workers, proxy="auto", load=load, note=lambda _: None
        ) as pool:
            list(pool.run([(0, FaultPlan())] * workers * 2))
            began_s = time.perf_counter()
            done = list(pool.run([(0, plans[number % len(plans)]) for number in range(runs)]))
            took_s = time.perf_counter() - began_s
    assert not any(one.violated for one in done)
    return runs / took_s
