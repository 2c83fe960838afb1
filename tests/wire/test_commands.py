"""What is wrong with a command or a service is said in plain words, and nothing of it stays."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import SubprocessSaga
from harness.errors import EnvironmentFault, UsageError
from harness.plan import FaultPlan
from harness.processes import find, ports
from harness.processes.marks import MARK
from harness.runner import run_once
from harness.worlds.wire import WireWorld
from tests.wire.orders import outcomes
from tests.wire.sagas import PYTHON, command, free_port, journal, plan, run, scenario, statuses, violated

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

world = pytest.fixture(name="world")(lambda real_world: real_world)

GOOD = 'print(\'OUTCOME {"status": "completed"}\')'
CHARGES = """
import http.client, json, os, sys
from urllib.parse import urlsplit
def make(what, service):
    connection = http.client.HTTPConnection(urlsplit(os.environ[f"SAGA_{service}_URL"]).netloc, timeout=5)
    body = json.dumps({"saga_id": sys.argv[2]})
    connection.request("POST", f"/{what}s", body, {"Idempotency-Key": f"{sys.argv[2]}:{what}"})
    connection.getresponse().read()
make("reservation", "INVENTORY")
make("charge", "PAYMENTS")
"""
FORKS = """
import os, time
if os.fork() == 0:
    os.setsid()
    os.close(1)
    time.sleep(60)
    os._exit(0)
"""
BINDS = """
import os, socket, time
server = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    time.sleep(60)
"""
WORKS_ON = """
import os, time
if os.fork() == 0:
    time.sleep(0.3)
    make('charge', 'PAYMENTS')
    os._exit(0)
"""
OURS = f"run-{os.getpid():x}"
"""The mark of the processes of every run of this process."""
NO_JSON = "the saga printed, after OUTCOME: found 'well done', expected JSON "
AT_LINE_2 = "on stderr: KeyError: 'gone' (saga.py:2)"
EXPECTED = """expected a line OUTCOME {"status": …} on stdout"""


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("pass", f"the saga ended with exit code 0, and printed nothing; {EXPECTED}"),
        (
            "print('hello'); print('all is well')",
            f"the saga ended with exit code 0, its last words: 'hello\\nall is well'; {EXPECTED}",
        ),
        (
            "import sys; print('no such order', file=sys.stderr); sys.exit(7)",
            f"the saga ended with exit code 7, and printed nothing; {EXPECTED}; on stderr: no such order",
        ),
        (
            "def f():\n    {}['gone']\n\nf()",
            f"the saga ended with exit code 1, and printed nothing; {EXPECTED}; {AT_LINE_2}",
        ),
        (
            "import os; os.kill(os.getpid(), 15)",
            f"the saga ended by signal 15, and printed nothing; {EXPECTED}",
        ),
        (
            "print('OUTCOME well done')",
            f"{NO_JSON}(JSON is malformed: invalid character (byte 0))",
        ),
        (
            """print('OUTCOME {"status": "done"}')""",
            "the saga returned, status: found 'done', expected one of compensated, completed, running, stuck",
        ),
        (
            "print('OUTCOME []')",
            "the saga returned: found [], expected an Outcome or {'status': …}",
        ),
    ],
)
def test_a_command_that_gives_no_outcome(world: WireWorld, tmp_path: Path, code: str, problem: str) -> None:
    done = run(world, command(tmp_path, code))
    assert violated(done)["termination"] == problem
    assert [one.problem for one in outcomes(done.history)] == [problem]


@pytest.mark.parametrize(
    "code",
    [
        f"{CHARGES}print('starting')\n{GOOD}\nprint('bye')",
        f"{CHARGES}print('OUTCOME nonsense')\n{GOOD}",
        f"{CHARGES}{GOOD}\nsys.exit(1)",
        f"{CHARGES}print('x' * 2_000_000)\nprint('\\u00e9\\udcff', file=sys.stderr, end='')\n{GOOD}",
        f"{CHARGES}{GOOD.replace(')', ', end=str())')}",
    ],
)
def test_the_last_outcome_counts(world: WireWorld, tmp_path: Path, code: str) -> None:
    done = run(world, command(tmp_path, code))
    assert [(one.status, one.problem) for one in outcomes(done.history)] == [("completed", None)]


@pytest.mark.parametrize(
    ("hang", "printed"),
    [
        ("import time; time.sleep(60)", "printed nothing"),
        (
            "print('begun', flush=True)\nprint('waits for a lock', flush=True)\nwhile True: pass",
            "waits for a lock",
        ),
    ],
)
def test_a_command_that_never_ends(world: WireWorld, tmp_path: Path, hang: str, printed: str) -> None:
    done = run(world, command(tmp_path, hang, time_limit_s=0.3, patience_s=0.2))
    [ended] = outcomes(done.history)
    assert ended.timed_out
    late = "no outcome within 0.3 s after everything had healed: the command still runs, and has "
    assert ended.problem in (f"{late}{printed}", f"{late}printed last {printed!r}")


def test_a_command_that_goes_on_answering_running(world: WireWorld, tmp_path: Path) -> None:
    running = """print('OUTCOME {"status": "running"}')"""
    done = run(world, command(tmp_path, running, time_limit_s=0.8, patience_s=0.2))
    assert len(outcomes(done.history)) > 1
    assert "termination" in violated(done)


def test_the_input_and_the_word(world: WireWorld, tmp_path: Path) -> None:
    code = """
import json, os, sys
seen = [sys.argv[1], json.load(sys.stdin), sorted(name for name in os.environ if name.startswith("SAGA_"))]
mark = os.path.join(os.environ["SAGA_STORE_DIR"], "seen")
again = os.path.exists(mark)
open(mark, "w").close()
status = "completed" if again else "running"
print("OUTCOME", json.dumps({"status": status, "detail": {"seen": seen}}))
"""
    done = run(world, command(tmp_path, code))
    names = ["SAGA_CHAOS_RUN", "SAGA_INVENTORY_URL", "SAGA_PAYMENTS_URL", "SAGA_STORE_DIR"]
    assert [one.detail for one in outcomes(done.history)] == [
        {"seen": ["run", {}, names]},
        {"seen": ["resume", {}, names]},
    ]


@pytest.mark.parametrize("line", [("no-such-program",), ("./saga.py",)])
def test_a_command_that_cannot_be_started(world: WireWorld, tmp_path: Path, line: tuple[str, ...]) -> None:
    (tmp_path / "saga.py").write_text("no program")
    of = scenario(SubprocessSaga(command=line, cwd=tmp_path))
    with pytest.raises(UsageError, match="expected a program that can be started") as caught:
        run(world, of)
    assert line[0] in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("code", "told"), [(FORKS, r"\(pid \d+\)"), (BINDS, r"\(pid \d+, listening at \d+\)")]
)
def test_a_command_that_leaves_something_behind(
    world: WireWorld, tmp_path: Path, code: str, told: str
) -> None:
    done = run(world, command(tmp_path, f"{CHARGES}{code}\n{GOOD}", time_limit_s=1.0, patience_s=0.5))
    problem = outcomes(done.history)[-1].problem
    assert problem is not None
    assert re.search(rf"left behind: process python\S* {told}$", problem)
    assert "termination" in violated(done)
    assert find(OURS) == ()


def test_the_same_id_in_another_harness_is_left_alone(world: WireWorld, tmp_path: Path) -> None:
    """Two test runs on one machine may use the same saga id; neither ends the other's processes."""
    theirs = {**os.environ, MARK: "saga-x.1"}
    with subprocess.Popen((sys.executable, "-c", "import time; time.sleep(60)"), env=theirs) as other:
        try:
            of = command(tmp_path, f"{CHARGES}\n{GOOD}")
            done = run_once(of, of.inputs[0], FaultPlan(()), world, saga_id="saga-x")
            assert (statuses(done), violated(done)) == (["completed"], {})
            assert other.poll() is None
        finally:
            other.kill()


def test_what_a_child_does_after_the_outcome_counts(world: WireWorld, tmp_path: Path) -> None:
    code = CHARGES.replace('make("charge", "PAYMENTS")\n', "") + f"{WORKS_ON}{GOOD}"
    done = run(world, command(tmp_path, code))
    assert (statuses(done), violated(done)) == (["completed"], {})


def test_a_killed_command_leaves_no_child(world: WireWorld, tmp_path: Path) -> None:
    code = f"{FORKS}{CHARGES}{GOOD}"
    run(world, command(tmp_path, code, time_limit_s=1.0, patience_s=0.5), plan("crash", variant="applied"))
    assert find(OURS) == ()


# Services ----------------------------------------------------------------------------------------


def serving(folder: Path, code: str, *, port: int | None = None, start: bool = True) -> HttpSaga:
    port = port or free_port()
    (folder / "service.py").write_text(code)
    return HttpSaga(
        base_url=f"http://127.0.0.1:{port}",
        cwd=folder,
        start=(*PYTHON, "service.py", str(port)) if start else (),
    )


SERVES = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self): self.say({post})
    def do_GET(self): self.say({get})
    def log_message(self, *args): pass
    def say(self, status, text):
        self.send_response(status); self.send_header("content-length", str(len(text))); self.end_headers()
        self.wfile.write(text.encode())
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.mark.parametrize(
    ("post", "get", "problem"),
    [
        ('500, "no"', '404, ""', "POST /sagas: 'no': found 500, expected 2xx"),
        ('202, ""', '404, ""', "the service accepted the saga and does not know it: found 404"),
        ('202, ""', '200, "soon"', "the service answered: found 'soon', expected JSON"),
        (
            '202, ""',
            '200, \'{"status": "done"}\'',
            "the saga returned, status: found 'done', expected one of",
        ),
    ],
)
def test_a_service_that_gives_no_outcome(
    world: WireWorld, tmp_path: Path, post: str, get: str, problem: str
) -> None:
    code = SERVES.replace("{post}", post).replace("{get}", get)
    done = run(world, scenario(serving(tmp_path, code)))
    assert violated(done)["termination"].startswith(problem)


def test_a_service_that_stays_running(world: WireWorld, tmp_path: Path) -> None:
    code = SERVES.replace("{post}", '202, ""').replace("{get}", '200, \'{"status": "running"}\'')
    done = run(world, scenario(serving(tmp_path, code), time_limit_s=0.4, patience_s=0.2))
    [ended] = outcomes(done.history)
    assert ended.problem is not None
    late, _, at = ended.problem.partition(": ")
    assert late == "no outcome within 0.4 s after everything had healed"
    assert at.endswith('by 200 {"status": "running"}')


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; sys.exit('no config')", "its process ended by itself, with exit code 1'.*no config"),
        ("import time; time.sleep(60)", "nobody listening 0.5 s after its start"),
    ],
)
def test_a_service_that_does_not_come_up(
    world: WireWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    monkeypatch.setattr("harness.worlds.wire.executors.service_process.READY_LIMIT_S", 0.5)
    with pytest.raises(UsageError, match=told) as caught:
        run(world, scenario(serving(tmp_path, code)))
    assert str(tmp_path) in str(caught.value)


def test_a_service_whose_command_is_not_there(world: WireWorld, tmp_path: Path) -> None:
    saga = HttpSaga(base_url=f"http://127.0.0.1:{free_port()}", cwd=tmp_path, start=("no-such",))
    with pytest.raises(UsageError, match="No such file or directory"):
        run(world, scenario(saga))


def test_a_stranger_at_the_port(world: WireWorld, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(
            EnvironmentFault, match="found 'somebody listening already', expected a free port"
        ):
            run(world, scenario(serving(tmp_path, "", port=port)))


def test_nobody_at_the_port(world: WireWorld, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found 'nobody listening', expected the service, or start = "):
        run(world, scenario(serving(tmp_path, "", start=False)))


def test_a_service_that_ends_by_itself(world: WireWorld, tmp_path: Path) -> None:
    code = SERVES.replace("{post}", '202, ""').replace("{get}", "__import__('os')._exit(3)")
    done = run(world, scenario(serving(tmp_path, code)))
    assert "its process ended by itself, with exit code 3" in violated(done)["termination"]


# Participants at fixed addresses -----------------------------------------------------------------


def test_a_participant_listens_where_it_has_to(world: WireWorld) -> None:
    fixed = ("127.0.0.1", free_port())
    saga = journal().saga
    assert isinstance(saga, SubprocessSaga)
    of = scenario(replace(saga, listen={"payments": fixed}))
    assert of.saga.alone == f"participants listen at fixed addresses (payments at 127.0.0.1:{fixed[1]})"
    for kind in ("crash", "move", "race", "pause"):
        done = run(world, of, plan(kind, variant="applied" if kind in ("crash", "pause") else ""))
        assert (statuses(done), violated(done)) == (["completed"], {})
        last = [call.sent for call in done.history.calls][-1]
        assert (last.participant, last.executor) != ("payments", 1)
    assert ports.listens(*fixed)
    assert statuses(run(world, journal(), FaultPlan())) == ["completed"]


def test_a_fixed_address_that_is_taken(world: WireWorld) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        saga = journal().saga
        assert isinstance(saga, SubprocessSaga)
        fixed = ("127.0.0.1", stranger.getsockname()[1])
        with pytest.raises(EnvironmentFault, match="found 'somebody listening there', expected a free"):
            run(world, scenario(replace(saga, listen={"payments": fixed})))
    assert statuses(run(world, journal(), FaultPlan())) == ["completed"]
