"""What services of the user's answer with: compressed bodies, links to themselves, who must be let in."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness.errors import UsageError
from harness.history import CallSent
from harness.loader import load_scenario
from harness.plan import FaultPlan
from harness.runner import Run, run_once
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld

SAGA = """
import httpx

async def order(ctx, input):
    async with httpx.AsyncClient(base_url=ctx.urls["payments"], timeout=2, follow_redirects=True) as client:
        headers = {"Idempotency-Key": f"{ctx.saga_id}:charge", "Authorization": "Bearer hunter2"}
        answer = await client.post("/charges", json={"saga_id": ctx.saga_id}, headers=headers)
        assert not answer.content or answer.json()["id"], answer
    return {"status": "completed" if answer.is_success else "compensated", "detail": {"error": str(answer)}}
"""

TOML = """
format_version = 1
name = "answers"
saga = { adapter = "callable", target = "sagas.py:order" }

[participants.payments]
url = "http://127.0.0.1:PORT"
holds = "GET /held/{saga_id}"
MORE

[participants.payments.resources.charge]
create = "POST /charges"
delete = "DELETE /charges/{id}"

[[steps]]
name = "charge"
action = "payments.charge.create"
compensation = "payments.charge.delete"
"""


@dataclass
class Shop:
    """A service that charges and lists what it has. How it answers is set by each test."""

    port: int = 0
    coding: str = ""
    redirects: str = ""
    by_location: bool = False
    token: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, authorization: str | None) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(f"{method} {path}")
        if self.token and authorization != self.token:
            return 401, {}, b"{}"
        if self.redirects and path == "/charges":
            return 307, {"Location": self.redirects + "/charges/"}, b""
        if method == "GET":
            return self.encoded({"items": [{"id": "c1"}]}, 200)
        if self.by_location:
            return 201, {"Location": f"http://127.0.0.1:{self.port}/charges/c1"}, b""
        return self.encoded({"id": "c1"}, 201)

    def encoded(self, content: object, status: int) -> tuple[int, dict[str, str], bytes]:
        body = json.dumps(content).encode()
        if not self.coding:
            return status, {}, body
        raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        coded = {
            "gzip": gzip.compress(body),
            "deflate": zlib.compress(body),
            "raw": raw.compress(body) + raw.flush(),
        }
        return status, {"Content-Encoding": self.coding.replace("raw", "deflate")}, coded[self.coding]


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            path = urlsplit(self.path).path
            status, headers, body = made.answer(self.command, path, self.headers.get("authorization"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

        do_GET = do_POST = do_DELETE = do  # noqa: N815 - the names of the library

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def scenario(folder: Path, shop: Shop, more: str = "") -> Scenario:
    (folder / "sagas.py").write_text(SAGA)
    (folder / "saga.toml").write_text(TOML.replace("PORT", str(shop.port)).replace("MORE", more))
    return load_scenario(str(folder / "saga.toml"), registered=None)


def run(found: Scenario, world: WireWorld) -> tuple[Run, list[str]]:
    """The run, and how its sagas ended."""
    done = run_once(found, found.inputs[0], FaultPlan(), world)
    assert [(one.invariant, one.message) for one in done.violated] == []
    return done, [str(saga.status) for saga in done.view.sagas]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw"])
def test_what_is_compressed_though_nobody_asked_is_read(
    tmp_path: Path, shop: Shop, real_world: WireWorld, coding: str
) -> None:
    shop.coding = coding
    assert run(scenario(tmp_path, shop), real_world)[1] == ["completed"]


def test_an_id_in_a_location_is_that_of_what_is_held(
    tmp_path: Path, shop: Shop, real_world: WireWorld
) -> None:
    shop.by_location = True
    assert run(scenario(tmp_path, shop), real_world)[1] == ["completed"]


def test_a_redirect_to_the_service_itself_leads_through_the_proxy(
    tmp_path: Path, shop: Shop, real_world: WireWorld
) -> None:
    shop.redirects = f"http://127.0.0.1:{shop.port}"
    done, ends = run(scenario(tmp_path, shop), real_world)
    assert ends == ["completed"]
    assert [event.path for _, event in done.history.of(CallSent)] == ["/charges", "/charges/"]


def test_headers_go_with_what_we_ask_ourselves(tmp_path: Path, shop: Shop, real_world: WireWorld) -> None:
    shop.token = "Bearer hunter2"
    with pytest.raises(
        UsageError, match=r"found 'status 401', expected .*`headers` of the participant go with"
    ):
        run(scenario(tmp_path, shop), real_world)
    more = 'headers = { Authorization = "Bearer hunter2", X-Empty = "" }'
    assert run(scenario(tmp_path, shop, more), real_world)[1] == ["completed"]


def test_a_redirect_of_what_we_ask_says_where_it_leads(
    tmp_path: Path, shop: Shop, real_world: WireWorld
) -> None:
    shop.redirects = "http://127.0.0.1:1"
    found = scenario(tmp_path, shop, 'reset = "POST /charges"')
    with pytest.raises(UsageError, match=r"found 'status 307, to http://127\.0\.0\.1:1/charges/'"):
        run(found, real_world)


def test_an_empty_variable_is_a_text(tmp_path: Path, shop: Shop) -> None:
    start = TOML.replace('url = "http://127.0.0.1:PORT"', 'start = ["shop", "{port}"]')
    (tmp_path / "sagas.py").write_text(SAGA)
    (tmp_path / "saga.toml").write_text(start.replace("MORE", 'env = { DEBUG = "" }'))
    (service,) = load_scenario(str(tmp_path / "saga.toml"), registered=None).own_services
    assert service.launch.env == {"DEBUG": ""}


def test_a_health_path_that_is_not_there_is_given_up_soon_and_named(
    tmp_path: Path, real_world: WireWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.worlds.wire.running_service.REFUSED_LIMIT_S", 0.2)
    command = 'start = ["python3", "-m", "http.server", "{port}", "--bind", "127.0.0.1"]\nhealth = "/healthz"'
    (tmp_path / "sagas.py").write_text(SAGA)
    toml = TOML.replace('url = "http://127.0.0.1:PORT"', command).replace("MORE", "")
    (tmp_path / "saga.toml").write_text(toml)
    found = load_scenario(str(tmp_path / "saga.toml"), registered=None)
    with pytest.raises(UsageError, match=r"status 404 of GET /healthz \d+ s after its start"):
        run_once(found, found.inputs[0], FaultPlan(), real_world)
