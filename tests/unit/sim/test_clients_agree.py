"""The clients of sim and those of httpx: nobody who uses one could tell which it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import MappingProxyType

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings

from harness.clock import Scheduler
from harness.participant import Response
from harness.plan.decision import Symptom
from harness.worlds.sim import clients, plain_http
from harness.worlds.sim.transports import AsyncSimTransport, SimTransport
from tests.unit.sim.talks import Scripted, Talk, cell_of, held, talks

Make = Callable[[Scripted], httpx.AsyncClient | httpx.Client]

AWAITED: tuple[Make, Make, Make] = (
    lambda network: clients.async_client(AsyncSimTransport(cell_of(network))),
    lambda network: httpx.AsyncClient(transport=AsyncSimTransport(cell_of(network)), trust_env=False),
    lambda network: httpx.AsyncClient(transport=httpx.MockTransport(network.mocked), trust_env=False),
)
PLAIN: tuple[Make, Make, Make] = (
    lambda network: clients.client(SimTransport(cell_of(network))),
    lambda network: httpx.Client(transport=SimTransport(cell_of(network)), trust_env=False),
    lambda network: httpx.Client(transport=httpx.MockTransport(network.mocked), trust_env=False),
)
STYLES = pytest.mark.parametrize("makers", [AWAITED, PLAIN], ids=["async", "plain"])
MANY = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
URL = "http://stock.sim/holds"
MADE = Response.of(201, {"id": "hold-1"})


@STYLES
@MANY
@given(talk=talks())
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what httpx says of cookies and of bytes as data
def test_a_saga_could_not_tell_it_from_httpx(makers: tuple[Make, Make, Make], talk: Talk) -> None:
    ours, theirs, mocked = makers
    assert held(talk, ours) == held(talk, theirs)
    assume(not any(isinstance(answer, Symptom) for answer in talk.answers))
    assert held(talk, ours) == held(talk, mocked)


@STYLES
def test_a_plain_call_is_made_without_httpx(
    makers: tuple[Make, Make, Make], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the test above would compare httpx with httpx."""

    def asked(*args: object) -> None:
        pytest.fail(f"httpx was asked: {args}")

    for kind in (httpx.Client, httpx.AsyncClient):
        monkeypatch.setattr(kind, "_transport_for_url", asked)
    monkeypatch.setattr(clients, "unread_response", asked)
    options = {"json": lambda: {"saga_id": "1"}, "headers": lambda: {"Idempotency-Key": "k"}}
    came = held(Talk(options={**options, "timeout": lambda: 0.25}, answers=[MADE]), makers[0])[0]
    assert came[0] is httpx.Response


def test_a_plain_request_and_a_plain_response() -> None:
    client = httpx.Client(trust_env=False)
    request = plain_http.plain_request(client, "POST", URL, json={"saga_id": "1"}, headers={"X-A": "1"})
    assert request is not None
    assert plain_http.plain_response(MADE, request, client, 0.0) is not None


def test_httpx_is_as_known() -> None:
    """Where this fails after an update of httpx, sagas run as before, and slower: look at `plain_http`."""
    assert clients.httpx_is_as_known()


def test_another_httpx_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = httpx.Response.__init__

    def otherwise(self: httpx.Response, *args: object, **options: object) -> None:
        made(self, *args, **options)  # type: ignore[arg-type]
        self.trailers = {}  # type: ignore[attr-defined]

    monkeypatch.setattr(httpx.Response, "__init__", otherwise)
    monkeypatch.setattr(clients, "_FUNCTIONS", (httpx.Client.send,))
    assert not clients.httpx_is_as_known()


def test_an_httpx_that_was_replaced_before_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_FUNCTIONS", (httpx.Client.send, test_httpx_is_as_known))
    assert not clients.httpx_is_as_known()


def test_a_client_of_another_httpx_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_KNOWN", False)
    network = Scripted([], Scheduler())
    assert [type(makers[0](network)) for makers in (AWAITED, PLAIN)] == [httpx.AsyncClient, httpx.Client]


@STYLES
def test_who_replaces_a_method_of_httpx_is_asked(
    makers: tuple[Make, Make, Make], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    for kind in (httpx.Client, httpx.AsyncClient):
        monkeypatch.setattr(kind, "_send_single_request", _traced(kind._send_single_request, seen))
    held(Talk(answers=[MADE]), makers[0])
    assert seen == [URL]


def _traced(original: Callable[..., object], seen: list[str]) -> Callable[..., object]:
    def traced(client: object, request: httpx.Request) -> object:
        seen.append(str(request.url))
        return original(client, request)

    return traced


@STYLES
def test_a_log_that_listens_is_told(
    makers: tuple[Make, Make, Make], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="httpx"):
        held(Talk(answers=[MADE]), makers[0])
    assert caplog.messages == [f'HTTP Request: POST {URL} "HTTP/1.1 201 Created"']


def test_a_closed_client_says_so() -> None:
    async def closed(network: Scripted) -> None:
        client = AWAITED[0](network)
        assert isinstance(client, httpx.AsyncClient)
        await client.aclose()
        with pytest.raises(RuntimeError, match="the client has been closed"):
            await client.get(URL)

    asyncio.run(closed(Scripted([MADE], Scheduler())))


@STYLES
def test_a_new_client_is_as_httpx_makes_it_and_shares_nothing(makers: tuple[Make, Make, Make]) -> None:
    network = Scripted([], Scheduler())
    ours, theirs, other = makers[0](network), makers[1](network), makers[0](network)
    assert vars(ours).keys() == vars(theirs).keys()
    for name, value in vars(ours).items():
        assert type(value) is type(vars(theirs)[name]), name
    for name in ("headers", "params", "timeout", "event_hooks", "base_url", "follow_redirects", "trust_env"):
        assert getattr(ours, name) == getattr(theirs, name), name
    ours.headers["x-mine"] = "1"
    ours.cookies.set("mine", "1")
    ours.timeout.connect = 9.0
    ours.event_hooks["request"].append(print)
    ours.params = ours.params.set("mine", "1")
    for name in ("headers", "params", "timeout", "event_hooks"):
        assert getattr(other, name) == getattr(theirs, name), name
    assert not other.cookies


@STYLES
def test_who_replaces_how_clients_are_made_is_asked(
    makers: tuple[Make, Make, Make], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    for kind in (httpx.AsyncClient, httpx.Client):
        before = kind.__init__

        def noted(self: object, *, before: Callable[..., None] = before, **options: object) -> None:
            made.append(self)
            before(self, **options)

        monkeypatch.setattr(kind, "__init__", noted)
    client = makers[0](Scripted([], Scheduler()))
    assert made == [client]


def test_params_need_not_be_a_dict() -> None:
    client = httpx.Client(trust_env=False)
    params = MappingProxyType({"saga_id": "a b", "of": "ü"})
    request = plain_http.plain_request(client, "GET", URL, params=params)
    assert request is not None
    assert request.url == client.build_request("GET", URL, params=params).url
    assert plain_http.plain_request(client, "GET", URL, params=MappingProxyType({"n": 1})) is None
