"""HTTP services that stay up between the runs of a world, and end where a run could disturb the next one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness.adapter.http import HttpFields, HttpSaga, Restart
from harness.campaign.aggregate import Aggregate
from harness.campaign.fault_free import failures
from harness.campaign.pool import Pool
from harness.loading import load
from harness.plan import FaultPlan
from harness.runner import Run
from harness.saga import Status
from harness.scenario import Scenario
from harness.search.run_summary import summarise_run
from harness.worlds.wire import WireWorld
from tests.two_steps import TWO_STEPS
from tests.wire.orders import outcomes
from tests.wire.sagas import (
    PROGRAMS,
    PYTHON,
    RESERVE,
    free_port,
    journal,
    plan,
    run,
    scenario,
    statuses,
    violated,
)

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

FIELDS = HttpFields(detail="pid")
FILE = (
    f"""
format_version = 1
name = "service"
[saga]
adapter = "http"
base_url = "http://127.0.0.1:{{port}}"
start = ["{PYTHON[0]}", "-S", "-E", "{PROGRAMS}/service.py", "{{port}}"]
"""
    + TWO_STEPS
)


def telling(port: int | None = None, env: Mapping[str, str] | None = None, **rest: object) -> Scenario:
    """The service of `programs`, whose word on how a saga ended comes with its process id."""
    at = "{port}" if port is None else port
    saga = HttpSaga(
        base_url=f"http://127.0.0.1:{at}",
        start=(*PYTHON, str(PROGRAMS / "service.py"), str(at)),
        cwd=PROGRAMS,
        env=env or {},
        fields=FIELDS,
    )
    return scenario(replace(saga, **rest))  # type: ignore[arg-type]


def pid(done: Run) -> int:
    """Of the process that said the last word."""
    assert (statuses(done), violated(done)) == (["completed"], {})
    told = outcomes(done.history)[-1].detail
    assert isinstance(told, int)
    return told


# The first one, for it opens a world of its own before the module's is there.
def test_nothing_of_a_service_outlives_its_world() -> None:
    with WireWorld("embedded", progress=print) as world:
        kept = pid(run(world, telling()))
        assert psutil.pid_exists(kept)
        assert statuses(run(world, journal())) == ["completed"]
        assert psutil.pid_exists(kept)
    assert not psutil.pid_exists(kept)


@pytest.mark.parametrize("fixed", [False, True])
def test_two_runs_share_a_process_and_one_with_a_crash_has_its_own(
    real_world: WireWorld, fixed: bool
) -> None:
    of = telling(free_port() if fixed else None)
    first, second = pid(run(real_world, of)), pid(run(real_world, of, plan("error_before")))
    assert first == second
    crashed = pid(run(real_world, of, plan("crash", variant="applied")))
    assert crashed != first
    assert not psutil.pid_exists(first)
    third = pid(run(real_world, of))
    assert third not in (first, crashed)
    assert not psutil.pid_exists(crashed)


def test_a_second_start_of_a_saga_needs_no_process_of_its_own(real_world: WireWorld) -> None:
    of = telling()
    assert pid(run(real_world, of)) == pid(run(real_world, of, plan("start_twice", variant="at_once")))


def test_a_process_for_each_run_where_that_is_asked_for(real_world: WireWorld) -> None:
    of = telling(restart=Restart.EACH_RUN)
    first = pid(run(real_world, of))
    assert not psutil.pid_exists(first)
    assert pid(run(real_world, of)) != first


def test_another_saga_ends_the_service_of_the_one_before(real_world: WireWorld) -> None:
    of = telling()
    first = pid(run(real_world, of))
    assert pid(run(real_world, telling(env={"OTHER": "1"}))) != first
    assert not psutil.pid_exists(first)


def test_a_service_that_died_between_two_runs_is_started_again(real_world: WireWorld) -> None:
    of = telling()
    first = pid(run(real_world, of))
    psutil.Process(first).kill()
    deadline_s = time.monotonic() + 5.0
    while psutil.Process(first).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert pid(run(real_world, of)) != first


@pytest.mark.parametrize("pause_s", [0.0, 0.4])
def test_a_saga_at_work_after_its_run_disturbs_no_other_run(real_world: WireWorld, pause_s: float) -> None:
    """It calls 0.2 s after its last word: while the next run is on, or before it."""
    of = telling(env={"SAGA_LINGERS": "0.2"})
    pids = []
    for _ in range(3):
        done = run(real_world, of, plan("slow", RESERVE, variant="200ms"))
        pids.append(pid(done))
        assert {call.sent.saga_id for call in done.history.calls} == {done.saga_id}
        assert len(done.history.calls) == 2
        time.sleep(pause_s)
    assert len(set(pids)) > 1


def test_a_saga_that_stays_running_leaves_no_service_behind(real_world: WireWorld, tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text(RUNNING)
    saga = HttpSaga(base_url="http://127.0.0.1:{port}", cwd=tmp_path, start=(*PYTHON, "service.py", "{port}"))
    of = scenario(saga, time_limit_s=0.4, patience_s=0.2)
    for _ in range(2):
        began_s = time.monotonic()
        done = run(real_world, of)
        assert time.monotonic() < began_s + 4.0
        assert "no outcome within 0.4 s" in violated(done)["termination"]
        [started] = (tmp_path / "pids").read_text().split()
        assert not psutil.pid_exists(int(started))
        (tmp_path / "pids").unlink()


RUNNING = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
open("pids", "a").write(f"{os.getpid()} ")
class Handler(BaseHTTPRequestHandler):
    def do_POST(self): self.say(b"{}")
    def do_GET(self): self.say(b'{"status": "running"}')
    def log_message(self, *args): pass
    def say(self, text):
        self.send_response(200); self.send_header("content-length", str(len(text))); self.end_headers()
        self.wfile.write(text)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_runs_go_side_by_side_where_the_service_takes_a_port(tmp_path: Path) -> None:
    file = tmp_path / "saga.toml"
    file.write_text(FILE)
    of = load(str(file))
    said: list[str] = []
    assert of.saga.alone is None
    with Pool(of, "wire", workers=2, proxy="embedded", load=load, note=said.append) as pool:
        done = list(pool.run([(0, FaultPlan())] * 8))
    assert said == []
    assert [one.statuses for one in done] == [(Status.COMPLETED,)] * 8
    assert not any(one.violated for one in done)


def test_runs_take_turns_where_the_service_has_a_fixed_address() -> None:
    assert telling(8000).saga.alone == "its service listens at http://127.0.0.1:8000, and has no {port} there"


def test_a_port_may_be_told_in_the_environment(real_world: WireWorld, tmp_path: Path) -> None:
    (tmp_path / "by_env.py").write_text(
        f"import os, runpy, sys\nsys.argv = ['', os.environ['PORT']]\n"
        f"runpy.run_path({str(PROGRAMS / 'service.py')!r}, run_name='__main__')\n"
    )
    start = (*PYTHON, str(tmp_path / "by_env.py"))
    pid(run(real_world, telling(env={"PORT": "{port}"}, start=start)))


def test_what_a_service_prints_is_kept_with_the_run_that_it_was_for(real_world: WireWorld) -> None:
    shop = telling(env={"SAGA_PRINTS": "1"})
    first, second = run(real_world, shop), run(real_world, shop)
    assert pid(first) == pid(second)
    for done in (first, second):
        assert done.history.printed == f"begins {done.saga_id}\n"
    killed = run(real_world, shop, plan("crash", RESERVE, variant="applied"))
    assert killed.history.printed.startswith(f"begins {killed.saga_id}\n")


ODD = """
import json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        POST
    def do_GET(self):
        self.say(200, GET)
    def log_message(self, *args): pass
    def say(self, status, told):
        text = json.dumps(told).encode()
        self.send_response(status); self.send_header("content-length", str(len(text))); self.end_headers()
        self.wfile.write(text)
def fail():
    raise KeyError("no such sku")
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
ACCEPTS = "self.say(200, {})"


@pytest.mark.parametrize(
    ("post", "get", "base_url", "cause"),
    [
        ("time.sleep(60)", "{}", "", ": POST /sagas is not answered by the service"),
        (
            ACCEPTS,
            "{}",
            "http://127.0.0.1:9",
            "nobody listens at http://127.0.0.1:9, where the service is to be",
        ),
        (
            "self.say(500, {'why': 'no database'})",
            "{}",
            "",
            '\'{"why": "no database"}\': found 500, expected 2xx',
        ),
        (
            ACCEPTS,
            "{'status': 'OKAY'}",
            "",
            "; statuses = { OKAY = … } in [saga] says what a word of the serv",
        ),
        (
            ACCEPTS,
            "{'state': 'done'}",
            "",
            "found \"no 'status'\", expected it (fields = { status = … } in [saga]",
        ),
        (
            "threading.Thread(target=fail).start(); " + ACCEPTS,
            "{'status': 'running'}",
            "",
            "KeyError: 'no such",
        ),
    ],
)
def test_what_is_wrong_with_a_service_is_said_first(
    post: str, get: str, base_url: str, cause: str, real_world: WireWorld, tmp_path: Path
) -> None:
    (tmp_path / "service.py").write_text(ODD.replace("POST\n", f"{post}\n").replace("GET)", f"{get})"))
    port = free_port()
    saga = HttpSaga(
        base_url=base_url or f"http://127.0.0.1:{port}",
        cwd=tmp_path,
        start=(*PYTHON, "service.py", str(port)),
        restart=Restart.EACH_RUN,
    )
    of = scenario(saga, time_limit_s=0.6, patience_s=0.2)
    run_summary = summarise_run(run(real_world, of), 0)
    aggregate = Aggregate()
    aggregate.add(run_summary)
    (sentence,) = failures(of, aggregate)
    assert sentence.startswith("The fault-free run failed: ")
    assert cause in sentence.partition("iolates termination")[0]
