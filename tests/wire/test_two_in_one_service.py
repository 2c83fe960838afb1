"""Two sagas at the same time in one service of the user's, which reads, thinks, and writes what it read."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import enabled_faults
from harness.history import Passed, TurnPassed
from harness.loader import load_scenario
from harness.plan import FaultPlan, Preemption, Site
from harness.runner import run_once
from harness.saga import Overlap
from harness.scenario import Scenario
from harness.search.guided import StopAsked
from harness.search.interleavings import Interleavings
from harness.worlds.wire import WireWorld

SERVICE = """
import json, os, pathlib, sys, threading, time
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

store = pathlib.Path(sys.argv[2]) / "seats.json"
lock = threading.Lock() if os.environ.get("FIXED") else nullcontext()


def seats():
    return json.loads(store.read_text()) if store.exists() else {}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with lock:
            found = seats()
            time.sleep(0.1)  # the price is looked up
            found[body["saga_id"]] = "seat-of-" + body["saga_id"]
            store.write_text(json.dumps(found))
        self.answer(201, {"id": found[body["saga_id"]]})

    def do_DELETE(self):
        with lock:
            found = seats()
            found.pop(self.path.partition("=")[2], None)
            store.write_text(json.dumps(found))
        self.answer(204)

    def do_GET(self):
        held = seats().get(self.path.partition("=")[2])
        self.answer(200, {"items": [] if held is None else [held]})

    def answer(self, status, content=None):
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

SAGA = """
async def book(ctx, input):
    body, key = {"saga_id": ctx.saga_id}, {"Idempotency-Key": f"{ctx.saga_id}:book"}
    answer = await ctx.client.post(ctx.urls["hall"] + "/seats", json=body, headers=key, timeout=3)
    if answer.is_success:
        return {"status": "completed"}
    return {"status": "compensated", "detail": {"error": f"answered {answer.status_code}"}}
"""

TOML = """
format_version = 1
name = "seats"
saga = { adapter = "callable", target = "sagas.py:book", claims = [] }

[participants.hall]
start = ["python3", "hall.py", "{port}", "{folder}"]
env = { FIXED = "WHETHER" }
holds = "GET /seats?saga_id={saga_id}"

[participants.hall.resources.seat]
create = "POST /seats"
delete_by_saga = "DELETE /seats"

[[steps]]
name = "book"
action = "hall.seat.create"
compensation = "hall.seat.delete_by_saga"
"""
BOOK = "hall.seat.create"
HELD = Preemption(saga=1, operation=BOOK, run=2, until=Site(operation=BOOK))
TOGETHER = Preemption(saga=1, operation=BOOK, run=2, until=Site(operation=BOOK), together=True)


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    (tmp_path / "hall.py").write_text(SERVICE)
    (tmp_path / "sagas.py").write_text(SAGA)
    return tmp_path


def scenario(folder: Path, *, fixed: bool) -> Scenario:
    (folder / "saga.toml").write_text(TOML.replace("WHETHER", "1" if fixed else ""))
    return load_scenario(str(folder / "saga.toml"), registered=None)


def test_what_one_of_them_wrote_is_lost_only_where_both_are_there(hall: Path, real_world: WireWorld) -> None:
    weak = scenario(hall, fixed=False)
    one_by_one = run_once(weak, {}, FaultPlan((), (HELD,), 2), real_world)
    assert [one.message for one in one_by_one.violated] == []
    done = run_once(weak, {}, FaultPlan((), (TOGETHER,), 2), real_world)
    (lost,) = done.violated
    assert lost.invariant == "truthful_outcome"
    assert "hall answered 201 for seat 'seat-of-" in lost.message
    assert lost.message.endswith("and does not hold it")
    passed = [event.why for _, event in done.history.of(TurnPassed)]
    assert passed[:2] == [Passed.PREEMPTED, Passed.TOGETHER]


def test_a_service_with_a_lock_loses_nothing(hall: Path, real_world: WireWorld) -> None:
    done = run_once(scenario(hall, fixed=True), {}, FaultPlan((), (TOGETHER,), 2), real_world)
    assert [one.message for one in done.violated] == []
    assert [str(saga.status) for saga in done.view.sagas] == ["completed", "completed"]


def test_the_search_finds_it(hall: Path, real_world: WireWorld) -> None:
    weak, overlap = scenario(hall, fixed=False), Overlap(preemptions=1)
    search = Interleavings(enabled_faults(weak, "wire"), weak, overlap)
    found = list(search.run(LocalJobRunner(weak, real_world), StopAsked()))
    assert {one.plan for one in found if one.violated} == {FaultPlan((), (TOGETHER,), 2)}
