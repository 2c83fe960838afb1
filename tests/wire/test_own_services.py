"""The user's own services behind the proxies: three on SQLite, each with a weakness, and sound twins."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.campaign import CampaignOptions, run_campaign
from harness.errors import UsageError
from harness.faults.enabled import enabled_faults
from harness.history import EffectApplied, FaultFired, HeldOtherwise, History
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan, Lasting
from harness.processes import marks
from harness.report_model import ScenarioVerdict
from harness.runner import Run, run_once
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld

EXAMPLE = Path(__file__).parents[2] / "scenarios" / "examples" / "own_services"
RESERVE, CHARGE, SHIP = (
    "inventory.reservation.create",
    "payments.charge.create",
    "shipping.shipment.create",
)
FORGETS_KEYS = Fault(kind="participant_crash", operation=CHARGE, variant="applied")
NO_LOCK = Fault(kind="duplicate", operation=SHIP, variant="concurrent")
COMMITS_LATER = Fault(kind="reject", operation=CHARGE, count=Lasting.FOR_EVER)


@pytest.fixture(scope="module")
def weak() -> Scenario:
    return load_scenario(str(EXAMPLE / "saga.toml"), registered=None)


@pytest.fixture(scope="module")
def sound() -> Scenario:
    return load_scenario(str(EXAMPLE / "sound.toml"), registered=None)


def run(scenario: Scenario, world: WireWorld, *faults: Fault) -> Run:
    return run_once(scenario, scenario.inputs[0], FaultPlan(faults), world)


def violated(done: Run) -> dict[str, str]:
    return {one.invariant: one.message for one in done.violated}


def fired(done: Run) -> set[str]:
    return {event.kind for event in done.history.events if isinstance(event, FaultFired)}


def test_without_faults_what_is_answered_is_held(sound: Scenario, real_world: WireWorld) -> None:
    done = run(sound, real_world)
    assert violated(done) == {}
    assert [saga.status for saga in done.view.sagas] == ["completed"]
    effects = [event for _, event in done.history.of(EffectApplied)]
    assert [(one.resource, one.step) for one in effects] == [
        ("inventory.reservation", "reserve"),
        ("payments.charge", "charge"),
        ("shipping.shipment", "ship"),
    ]
    assert list(done.history.of(HeldOtherwise)) == []


def test_a_key_that_is_forgotten_at_a_restart(weak: Scenario, sound: Scenario, real_world: WireWorld) -> None:
    """The process is killed for real: its store survives, its memory does not."""
    done = run(weak, real_world, FORGETS_KEYS)
    assert violated(done) == {"idempotent_actions": "the action of step charge took effect 2 times"}
    done = run(sound, real_world, FORGETS_KEYS)
    assert (violated(done), fired(done)) == ({}, {"participant_crash"})
    assert [saga.status for saga in done.view.sagas] == ["completed"]


def test_a_look_and_a_write_without_a_lock(weak: Scenario, sound: Scenario, real_world: WireWorld) -> None:
    """Copies that come at once are with the service at the same time."""
    done = run(weak, real_world, NO_LOCK)
    assert violated(done) == {"idempotent_actions": "the action of step ship took effect 2 times"}
    done = run(sound, real_world, NO_LOCK)
    assert (violated(done), fired(done)) == ({}, {"duplicate"})


def test_a_201_before_the_commit(weak: Scenario, sound: Scenario, real_world: WireWorld) -> None:
    """The undo comes before the commit: removed, says the answer, and what is held says otherwise."""
    done = run(weak, real_world, COMMITS_LATER)
    ((_, told),) = done.history.of(HeldOtherwise)
    assert (told.resource, told.step, told.held) == ("inventory.reservation", "reserve", True)
    assert told.says.startswith("inventory answered that reservation ")
    assert told.says.endswith(" is removed and holds it")
    assert violated(done).keys() >= {"no_orphaned_resources", "truthful_outcome"}
    assert violated(done)["no_orphaned_resources"].endswith(told.says)
    done = run(sound, real_world, COMMITS_LATER)
    assert violated(done) == {}
    assert [saga.status for saga in done.view.sagas] == ["compensated"]


def test_what_needs_insight_is_impossible_and_says_why(sound: Scenario) -> None:
    reasons = {one.kind: one.reason for one in enabled_faults(sound, "wire").impossible(CHARGE)}
    assert (
        reasons["partial"] == "the service is your own, and nobody outside it can apply a part of a request"
    )
    assert "participant_crash" not in reasons


def test_sim_is_refused(sound: Scenario) -> None:
    assert sound.world() == "wire"
    with pytest.raises(UsageError, match="participant 'inventory', world: found 'sim', expected wire"):
        sound.world("sim")


# A service at a url ------------------------------------------------------------------------------

SAGA = """
import httpx

async def order(ctx, input):
    async with httpx.AsyncClient(base_url=ctx.urls["payments"], timeout=2) as client:
        body = {"saga_id": ctx.saga_id}
        key = {"Idempotency-Key": f"{ctx.saga_id}:charge"}
        answer = await client.post("/charges?a=1&a=2", json=body, headers=key)
        odd = await client.get("/odd")
        assert odd.status_code == 418 and odd.headers["content-type"] == "text/plain", odd
    return {"status": "completed" if answer.is_success else "compensated"}
"""

TOML = """
format_version = 1
name = "at-a-url"
saga = { adapter = "callable", target = "sagas.py:order" }

[participants.payments]
url = "http://127.0.0.1:PORT"
holds = "GET /charges?order={saga_id}"
reset = "POST /test/reset"

[participants.payments.resources.charge]
create = "POST /charges"
delete_by_saga = "DELETE /charges"
id = "number"
items = "[]"

[[steps]]
name = "charge"
action = "payments.charge.create"
compensation = "payments.charge.delete_by_saga"
"""


@dataclass
class Stub:
    """What a service of the user's might be. holds: what it says that it holds, whatever it was asked."""

    port: int
    asked: list[str]
    holds: bytes = b'[{"number": 7}]'
    reset: int = 204


@pytest.fixture
def stub() -> Iterator[Stub]:
    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            made.asked.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("content-length") or 0))
            status, kind, body = 418, "text/plain", b"odd"
            if self.path.startswith("/charges"):
                status, kind = (
                    (201, "application/json") if self.command == "POST" else (200, "application/json")
                )
                body = b'{"number": 7}' if self.command == "POST" else made.holds
            elif self.path == "/test/reset":
                status, body = made.reset, b""
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

        do_GET = do_POST = do_DELETE = do  # noqa: N815 - the names of the library

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Stub(server.server_address[1], [])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def at_url(folder: Path, port: int) -> Scenario:
    (folder / "sagas.py").write_text(SAGA)
    (folder / "saga.toml").write_text(TOML.replace("PORT", str(port)))
    return load_scenario(str(folder / "saga.toml"), registered=None)


def test_a_service_at_a_url_is_reset_asked_and_compared(
    tmp_path: Path, stub: Stub, real_world: WireWorld
) -> None:
    done = run(at_url(tmp_path, stub.port), real_world)
    assert violated(done) == {}
    saga_id = stub.asked[-1].rpartition("=")[2]
    assert saga_id.startswith("saga-")
    assert stub.asked == [
        "POST /test/reset",
        "POST /charges?a=1&a=2",
        "GET /odd",  # no declared route: it is forwarded all the same
        f"GET /charges?order={saga_id}",
    ]


def test_what_is_answered_and_not_held_is_a_finding(
    tmp_path: Path, stub: Stub, real_world: WireWorld
) -> None:
    stub.holds = b"[]"
    done = run(at_url(tmp_path, stub.port), real_world)
    says = "payments answered 201 for charge '7' and does not hold it"
    assert violated(done) == {
        "truthful_outcome": f"the saga says completed, and step charge is not applied; {says}"
    }


def test_what_is_held_and_was_never_answered_is_a_finding(
    tmp_path: Path, stub: Stub, real_world: WireWorld
) -> None:
    stub.holds = b'[{"number": 7}, {"number": 8}]'
    done = run(at_url(tmp_path, stub.port), real_world)
    assert violated(done) == {
        "idempotent_actions": "the action of step charge took effect 2 times; "
        "payments holds charge '8', and no answer said that it was made"
    }


CHECKS = """
def holdings(asked):
    assert asked.url.startswith("http://127.0.0.1:")
    return HELD
"""


def by_function(folder: Path, stub: Stub, held: str) -> Scenario:
    (folder / "checks.py").write_text(CHECKS.replace("HELD", held))
    toml = TOML.replace("GET /charges?order={saga_id}", "checks.py:holdings")
    (folder / "sagas.py").write_text(SAGA)
    (folder / "saga.toml").write_text(toml.replace("PORT", str(stub.port)))
    return load_scenario(str(folder / "saga.toml"), registered=None)


def test_a_function_may_say_what_is_held(tmp_path: Path, stub: Stub, real_world: WireWorld) -> None:
    (tmp_path / "good").mkdir()
    assert violated(run(by_function(tmp_path / "good", stub, "[7]"), real_world)) == {}
    assert stub.asked[-1] == "GET /odd", "no route is asked"
    (tmp_path / "bad").mkdir()
    done = run(by_function(tmp_path / "bad", stub, "[]"), real_world)
    assert violated(done)["truthful_outcome"].endswith("answered 201 for charge '7' and does not hold it")


@pytest.mark.parametrize(
    ("held", "found"), [("1 / 0", "ZeroDivisionError: division by zero"), ("[None]", "None")]
)
def test_a_function_that_says_no_ids_is_named(
    tmp_path: Path, stub: Stub, real_world: WireWorld, held: str, found: str
) -> None:
    with pytest.raises(UsageError) as told:
        run(by_function(tmp_path, stub, held), real_world)
    assert "participants.payments, holds, holdings()" in str(told.value)
    assert found in str(told.value)
    assert "a list of ids" in str(told.value)


def test_one_at_a_url_is_not_killed_and_its_runs_go_one_by_one(tmp_path: Path, stub: Stub) -> None:
    scenario = at_url(tmp_path, stub.port)
    operation = scenario.operations[CHARGE]
    assert operation.resource.own == "url"
    assert scenario.alone == "a reset of payments at its url would strike the other runs"


def test_nobody_at_the_url_and_a_reset_that_fails_are_errors_that_name_it(
    tmp_path: Path, stub: Stub, real_world: WireWorld
) -> None:
    stub.reset = 500
    with pytest.raises(UsageError, match=r"reset = 'POST /test/reset': found 'status 500'"):
        run(at_url(tmp_path, stub.port), real_world)
    with pytest.raises(UsageError, match=r"participants\.payments, url: found 'nobody at http://127"):
        run(at_url(tmp_path, 1), real_world)


def test_a_service_that_does_not_come_up_says_its_last_words(tmp_path: Path, real_world: WireWorld) -> None:
    scenario_text = TOML.replace(
        'url = "http://127.0.0.1:PORT"', 'start = ["python3", "-c", "raise SystemExit(\'no {port} for me\')"]'
    )
    (tmp_path / "sagas.py").write_text(SAGA)
    (tmp_path / "saga.toml").write_text(scenario_text)
    scenario = load_scenario(str(tmp_path / "saga.toml"), registered=None)
    with pytest.raises(UsageError, match=r"ended by itself, with exit code 1.*its last words: no \d+ for me"):
        run(scenario, real_world)


# A search ----------------------------------------------------------------------------------------


def load(reference: str) -> Scenario:
    return load_scenario(reference, registered=None)


def narrate(history: History, evidence: tuple[int, ...]) -> list[str]:
    return []


@pytest.mark.long
def test_a_search_finds_the_weaknesses(tmp_path: Path) -> None:
    options = CampaignOptions(
        load=load,
        narrate=narrate,
        seconds=60,
        workers=1,
        out=tmp_path / "report",
        search="guided",
    )
    scenario = load_scenario(str(EXAMPLE / "saga.toml"), registered=None)
    report = run_campaign([scenario], options, lambda event: None)
    (found,) = report.scenarios
    assert found.verdict is ScenarioVerdict.FAIL
    failed = {one.id for one in found.invariants if one.verdict == "violated"}
    assert failed >= {"idempotent_actions", "no_orphaned_resources", "truthful_outcome"}


def test_no_service_outlives_its_world() -> None:
    code = f"""
from harness.loader import load_scenario
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.worlds.wire import WireWorld
scenario = load_scenario({str(EXAMPLE / "sound.toml")!r}, registered=None)
with WireWorld("embedded", progress=print) as world:
    run_once(scenario, scenario.inputs[0], FaultPlan(), world)
import os
print(os.getpid())
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    pid = done.stdout.split()[-1]
    assert [marks.find(f"own-{pid}-{number}") for number in (1, 2, 3)] == [(), (), ()]
