"""Generated conversations of an httpx client, and what can be seen of them: for `test_clients_agree`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
from hypothesis import strategies as st

from harness.clock import Scheduler, virtual_time
from harness.participant import Response
from harness.plan.decision import Symptom
from harness.worlds.sim.transports import Network, NetworkCell, unread

TOOK_S = 0.25
Seen = Any
"""Plain values, as deep as they go."""


@dataclass(kw_only=True)
class Talk:
    """How a client is made, what is asked of it, and what it is answered."""

    client: dict[str, Any] = field(default_factory=dict)
    how: str = "request"
    method: Any = "POST"
    url: Any = "http://stock.sim/holds"
    options: dict[str, Callable[[], Any]] = field(default_factory=dict)
    answers: list[Response | Symptom] = field(default_factory=list)
    hooked: bool = False


# Talking ------------------------------------------------------------------------------------------


class Told:
    """An exchange that is over: an answer, or a symptom."""

    done = True
    on_done: object = None

    def __init__(self, answer: Response | Symptom) -> None:
        self.response = answer if isinstance(answer, Response) else None
        self.symptom = answer if isinstance(answer, Symptom) else Symptom.NONE


class Scripted:
    """A network that gives one answer after the other, and keeps what was asked."""

    def __init__(self, answers: list[Response | Symptom], scheduler: Scheduler) -> None:
        self.answers = list(answers)
        self.asked: list[Seen] = []
        self._scheduler = scheduler

    def exchange(self, request: httpx.Request, body: bytes) -> Told:
        self.asked.append((seen_request(request), body))
        self._scheduler.now_s += TOOK_S
        return Told(self.answers.pop(0) if self.answers else Response.of(200))

    def mocked(self, request: httpx.Request) -> httpx.Response:
        """The same for `httpx.MockTransport`."""
        told = self.exchange(request, request.content)
        assert told.response is not None
        return unread(told.response)


def cell_of(network: Scripted) -> NetworkCell:
    cell = NetworkCell()
    cell.network = cast("Network", network)
    return cell


def held(talk: Talk, make: Callable[[Scripted], httpx.AsyncClient | httpx.Client]) -> Seen:
    """All that can be seen of a talk, in virtual time."""
    scheduler = Scheduler(start_s=1000.0)
    with virtual_time.active(scheduler, seed="talk"):
        network = Scripted(talk.answers, scheduler)
        client = make(network)
        configure(client, talk.client)
        hooked: list[Seen] = []
        if talk.hooked:
            hook(client, hooked)
        came = asyncio.run(_awaited(talk, client)) if isinstance(client, httpx.AsyncClient) else None
        if isinstance(client, httpx.Client):
            came = _asked(talk, client)
        return came, hooked, network.asked, seen_client(client)


async def _awaited(talk: Talk, client: httpx.AsyncClient) -> Seen:
    try:
        return seen_response(await _begin(talk, client))
    except Exception as error:  # noqa: BLE001 - what it raises is compared
        return seen_error(error)


def _asked(talk: Talk, client: httpx.Client) -> Seen:
    try:
        return seen_response(_begin(talk, client))
    except Exception as error:  # noqa: BLE001 - what it raises is compared
        return seen_error(error)


def _begin(talk: Talk, client: Any) -> Any:
    options = {name: made() for name, made in talk.options.items()}
    if talk.how == "send":
        ways = {name: options.pop(name) for name in ("auth", "follow_redirects") if name in options}
        return client.send(client.build_request(talk.method, talk.url, **options), **ways)
    return client.request(talk.method, talk.url, **options)


def configure(client: Any, settings: dict[str, Any]) -> None:
    for name, value in settings.items():
        setattr(client, name, value)


def hook(client: httpx.AsyncClient | httpx.Client, told: list[Seen]) -> None:
    async def awaited(what: httpx.Request | httpx.Response) -> None:
        plain(what)

    def plain(what: httpx.Request | httpx.Response) -> None:
        told.append(seen_request(what) if isinstance(what, httpx.Request) else seen_response(what))

    hooks = [awaited if isinstance(client, httpx.AsyncClient) else plain]
    client.event_hooks = {"request": hooks, "response": hooks}


# What can be seen ---------------------------------------------------------------------------------


def seen_headers(headers: httpx.Headers) -> Seen:
    return type(headers), headers.raw, headers.encoding, repr(headers), list(headers._list)


def seen_url(url: httpx.URL) -> Seen:
    return type(url), repr(url), tuple(url._uri_reference)


def seen_stream(stream: Any) -> Seen:
    inner = vars(stream).get("_stream")
    return type(stream), vars(stream).get("_start"), inner if isinstance(inner, bytes) else type(inner)


def seen_request(request: httpx.Request) -> Seen:
    attributes = dict(vars(request))
    headers, url = seen_headers(attributes.pop("headers")), seen_url(attributes.pop("url"))
    return type(request), headers, url, seen_stream(attributes.pop("stream")), repr(request), attributes


def seen_response(response: httpx.Response) -> Seen:
    attributes = dict(vars(response))
    headers, stream = seen_headers(attributes.pop("headers")), seen_stream(attributes.pop("stream"))
    request = seen_request(attributes.pop("_request"))
    following = attributes.pop("next_request")
    decoder = attributes.pop("_decoder", None)
    attributes.pop("_cookies", None)  # made when they are asked for, as they are below
    history = [seen_response(one) for one in attributes.pop("history")]
    told = [_told(response, name) for name in ("elapsed", "content", "text", "cookies", "encoding", "url")]
    told += [_told(response, "raise_for_status"), _told(response, "json"), repr(response)]
    return (
        *(type(response), headers, stream, request, type(decoder), history, told, attributes),
        None if following is None else seen_request(following),
    )


def _told(response: httpx.Response, name: str) -> Seen:
    try:
        value = getattr(response, name)
        return repr(value() if callable(value) else value)
    except Exception as error:  # noqa: BLE001 - what it raises is compared
        return type(error), str(error)


def seen_error(error: Exception) -> Seen:
    request = None
    if isinstance(error, httpx.RequestError):
        request = seen_request(error.request)
    return type(error), str(error), error.args, request, type(error.__cause__)


def seen_client(client: httpx.AsyncClient | httpx.Client) -> Seen:
    cookies = [(one.name, one.value, one.domain, one.path) for one in client.cookies.jar]
    return (
        seen_headers(client.headers),
        cookies,
        client.is_closed,
        vars(client)["_state"],
        repr(client.timeout),
    )


# What is generated --------------------------------------------------------------------------------

_NAMES = ("Idempotency-Key", "accept", "ACCEPT", "Host", "content-type", "Content-Length", "X-A", "x-a")
_NAMED = st.sampled_from((*_NAMES, "Transfer-Encoding", "User-Agent", "Cookie", "ключ", ""))
_TEXTS = st.sampled_from(("", "k", "saga-1:hold", "a b&c=d", "ü", "chunked", "3", "a\tb"))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_URLS = st.sampled_from(
    (
        *(
            "http://stock.sim/holds",
            "http://stock.sim/holds?x=1&y=",
            "http://stock.sim",
            "HTTP://STOCK.sim/A b",
        ),
        *(
            "http://stock.sim/ü/%zz/%41",
            "http://me:secret@stock.sim/",
            "http://stock.sim:80/",
            "/holds",
            "holds?a",
        ),
        *(
            "http://stock.sim:8080/x#y",
            "https://stock.sim/",
            "http://[::1]/",
            "http://[x/",
            "http://a:b/",
            "",
        ),
        *("mailto:a", "http:///x", "//stock.sim/x", "http://stock.sim/\x00", "http://stöck.sim/", 7),
    )
) | st.builds("http://stock.sim/holds/{}".format, st.text(max_size=6))
_PARAMS = (
    st.dictionaries(_TEXTS, _TEXTS, max_size=2)
    | st.dictionaries(_TEXTS, st.sampled_from((1, True, None, 1.0, "1", ["a", "b"])), max_size=2)
    | st.lists(st.tuples(_TEXTS, _TEXTS), max_size=2)
    | st.sampled_from(("a=1&b", b"a=1"))
)
_HEADERS = (
    st.dictionaries(_NAMED, _TEXTS, max_size=4)
    | st.lists(st.tuples(_NAMED, _TEXTS), max_size=3)
    | st.sampled_from(({b"X-A": b"\xff"}, {"X-A": b"1"}, {"X-A": 1}, 3))
)
_TIMEOUTS = st.sampled_from(
    (None, 0.25, 3, (1.0, 2.0), (1, 2, 3, 4), httpx.Timeout(0.5), httpx.Timeout(9, read=1), "x")
)
_ANSWERED = st.lists(
    st.tuples(
        st.sampled_from(("retry-after", "Set-Cookie", "location", "content-encoding", "X-A", "content-type")),
        st.sampled_from(
            ("1", "a=1; Path=/", "http://stock.sim/else", "/else", "gzip", "http://other.sim/", "ü")
        ),
    ),
    max_size=3,
).map(tuple)
_ANSWERS = st.builds(
    Response,
    status=st.sampled_from((200, 201, 202, 204, 301, 302, 303, 307, 308, 400, 404, 409, 429, 500, 503, 599)),
    body=st.sampled_from((b"", b'{"id":"hold-1"}', b"\x00<<garbage>>", "ü".encode())),
    headers=st.just(()) | _ANSWERED,
) | st.sampled_from((Symptom.REFUSED, Symptom.SILENCE, Symptom.RESET, Symptom.CUT))


def _made(strategy: st.SearchStrategy[Any], copy: Callable[[Any], Any] = lambda value: value) -> Any:
    return strategy.map(lambda value: lambda: copy(value))


def _option(name: str) -> Any:
    return {
        "content": _made(st.sampled_from((b"", b"{}", "", "ü", [b"a", b"b"], 5))),
        "json": _made(_JSON),
        "data": _made(st.sampled_from(({}, {"a": "1"}, b"raw"))),
        "files": _made(st.sampled_from(({}, {"f": b"1"}))),
        "params": _made(_PARAMS),
        "headers": _made(_HEADERS) | _made(_HEADERS.filter(lambda one: one != 3), _as_headers),
        "cookies": _made(st.sampled_from(({}, {"a": "1"}))),
        "timeout": _made(_TIMEOUTS),
        "extensions": _made(st.sampled_from(({}, {"timeout": {"read": 1.0}}, {"x": 1}))),
        "auth": _made(st.sampled_from((None, ("me", "secret"), lambda request: request))),
        "follow_redirects": _made(st.booleans()),
    }[name]


def _as_headers(value: Any) -> Any:
    try:
        return httpx.Headers(value)
    except (UnicodeEncodeError, TypeError, AttributeError):
        return None


_USUAL = ("content", "json", "params", "headers", "timeout")
_RARE = ("data", "files", "cookies", "extensions", "auth", "follow_redirects")
_SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "headers": st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(("", "k", "3")), max_size=2),
        "params": st.sampled_from(({}, {"a": "1"})),
        "base_url": st.sampled_from(("", "http://stock.sim/v1", "http://stock.sim/?q")),
        "timeout": st.sampled_from((None, 1.0)),
        "auth": st.sampled_from((None, ("me", "secret"))),
        "cookies": st.sampled_from(({}, {"a": "1"})),
        "follow_redirects": st.booleans(),
        "max_redirects": st.sampled_from((-1, 0, 1)),
    },
)


@st.composite
def talks(draw: st.DrawFn) -> Talk:
    """Mostly plain ones: a client as it was made, and options that every saga has."""
    names = set(draw(st.lists(st.sampled_from(_USUAL), max_size=4)))
    odd = draw(st.integers(0, 3)) == 0
    if odd:
        names |= set(draw(st.lists(st.sampled_from(_RARE), max_size=2)))
    how = draw(st.sampled_from(("request", "send")))
    return Talk(
        client=draw(_SETTINGS) if odd else {},
        how=how,
        method=draw(st.sampled_from(("GET", "POST", "post", "DELETE", "PATCH", "HEAD"))),
        url=draw(_URLS),
        options={name: draw(_option(name)) for name in sorted(names)},
        answers=draw(st.lists(_ANSWERS, min_size=1, max_size=3)),
        hooked=odd and draw(st.booleans()),
    )
