"""The httpx clients that sagas are given in sim: for what is plain they leave out what nobody can see.

Between a plain request and its plain answer httpx parses URLs, asks a cookie jar, an authentication and
a redirect policy, and enters five context managers: half of what a run costs. These clients make the
same request, send it through the same transport and make the same response at once.

Whatever somebody could tell goes to httpx itself: authentication, hooks, redirects to be followed,
streams, a jar of one's own, another transport, a log that listens, a method that somebody replaced, and
an httpx whose objects are not made as `plain_http` makes them. Clients that a saga builds for itself are
httpx's own.

Measured in pairs, CPU time, guided search of `order-fulfilment` in one process: 1.34 times as many sagas.
"""

# ruff: noqa: SLF001 - whether a request is plain stands in what httpx underscores

from __future__ import annotations

import logging
import time
from functools import update_wrapper
from http.cookiejar import CookieJar
from operator import attrgetter
from pathlib import Path
from types import FunctionType
from typing import Any

import httpx
from httpx._client import USE_CLIENT_DEFAULT, BaseClient, ClientState
from httpx._urlparse import ParseResult

from harness.participant import Response
from harness.worlds.sim.plain_http import Client, like, plain_request, plain_response, unread_response
from harness.worlds.sim.transports import AsyncSimTransport, SimTransport, unread

_log = logging.getLogger("httpx")
_NO_HOOKS: dict[str, list[object]] = {"request": [], "response": []}


def async_client(transport: AsyncSimTransport) -> httpx.AsyncClient:
    """For a saga that is awaited."""
    if not _KNOWN:
        return httpx.AsyncClient(transport=transport, trust_env=False)
    if (httpx.AsyncClient.__init__, BaseClient.__init__) != _ASYNC_INITS:
        return AsyncSimClient(transport=transport, trust_env=False)
    return like(_ASYNC_MODEL, transport)


def client(transport: SimTransport) -> httpx.Client:
    """For a plain function."""
    if not _KNOWN:
        return httpx.Client(transport=transport, trust_env=False)
    if (httpx.Client.__init__, BaseClient.__init__) != _INITS:
        return SimClient(transport=transport, trust_env=False)
    return like(_MODEL, transport)


class AsyncSimClient(httpx.AsyncClient):
    """An `httpx.AsyncClient`."""

    def build_request(self, method: Any, url: Any, **options: Any) -> httpx.Request:
        request = plain_request(self, method, url, **options) if _as_shipped() else None
        return super().build_request(method, url, **options) if request is None else request

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        transport, body = self._transport, vars(request).get("_content")
        if type(transport) is not AsyncSimTransport or body is None or not _plain(self, request, **options):
            return await super().send(request, **options)
        self._state = ClientState.OPENED
        start_s = time.perf_counter()
        try:
            answer = await transport.answer(request, body)
        except httpx.RequestError as error:
            error.request = request
            raise
        response = plain_response(answer, request, self, start_s)
        if response is None:
            response = unread_response(answer, request, self, start_s)
            await response.aread()
        return response


class SimClient(httpx.Client):
    """An `httpx.Client`."""

    def build_request(self, method: Any, url: Any, **options: Any) -> httpx.Request:
        request = plain_request(self, method, url, **options) if _as_shipped() else None
        return super().build_request(method, url, **options) if request is None else request

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        transport, body = self._transport, vars(request).get("_content")
        if type(transport) is not SimTransport or body is None or not _plain(self, request, **options):
            return super().send(request, **options)
        self._state = ClientState.OPENED
        start_s = time.perf_counter()
        try:
            answer = transport.answer(request, body)
        except httpx.RequestError as error:
            error.request = request
            raise
        response = plain_response(answer, request, self, start_s)
        if response is None:
            response = unread_response(answer, request, self, start_s)
            response.read()
        return response


def _show_as(kind: type, shown_as: type) -> None:
    """A log and a signature show what the class stands for."""
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(kind, name, getattr(shown_as, name))
    for name in ("build_request", "send"):
        update_wrapper(getattr(kind, name), getattr(shown_as, name))


_show_as(AsyncSimClient, httpx.AsyncClient)
_show_as(SimClient, httpx.Client)


def _plain(
    client: Client,
    request: httpx.Request,
    *,
    stream: bool = False,
    auth: object = USE_CLIENT_DEFAULT,
    follow_redirects: object = USE_CLIENT_DEFAULT,
) -> bool:
    """Whether httpx would do nothing with this request that anybody could tell."""
    follow = client.follow_redirects if follow_redirects is USE_CLIENT_DEFAULT else follow_redirects
    cookies = client._cookies
    return (
        not stream
        and auth is USE_CLIENT_DEFAULT
        and client._auth is None
        and follow is False
        and client.max_redirects >= 0
        and client._event_hooks == _NO_HOOKS
        and not client._mounts
        and client._state is not ClientState.CLOSED
        and type(request) is httpx.Request
        and type(request.stream) is httpx.ByteStream
        and "timeout" in request.extensions
        and _addresses_a_server(request.url._uri_reference)
        and type(cookies) is httpx.Cookies
        and type(cookies.jar) is CookieJar
        and not _log.isEnabledFor(logging.INFO)
        and _as_shipped()
    )


def _addresses_a_server(url: ParseResult) -> bool:
    return url.scheme in _SCHEMES and bool(url.host) and not url.userinfo


_SCHEMES = ("http", "https")


# What httpx this is -------------------------------------------------------------------------------


_sending = attrgetter("send", "_send_handling_redirects", "_send_single_request")


def _functions() -> tuple[object, ...]:
    """What others are known to replace: to trace requests, to count them, to stand in for a server."""
    return (
        *_sending(_AsyncClient),
        *_sending(_Client),
        BaseClient.build_request,
        _Request.__init__,
        _Response.__init__,
        _Cookies.extract_cookies,
    )


# Asked for at every request: to look a class up in its module costs more than to look at it.
_AsyncClient, _Client = httpx.AsyncClient, httpx.Client
_Request, _Response, _Cookies = httpx.Request, httpx.Response, httpx.Cookies


_FUNCTIONS = _functions()


def _as_shipped() -> bool:
    """Whether nobody has replaced one since."""
    return _functions() == _FUNCTIONS


def httpx_is_as_known() -> bool:
    """Whether none was replaced when this was imported, and requests and responses are made as here."""
    home = str(Path(httpx.__file__).parent)
    if not all(type(one) is FunctionType and one.__code__.co_filename.startswith(home) for one in _FUNCTIONS):
        return False
    answer = Response.of(201, {"id": "1"})
    with (
        httpx.Client(transport=httpx.MockTransport(lambda _: unread(answer)), trust_env=False) as theirs,
        SimClient(transport=_NOWHERE, trust_env=False) as ours,
    ):
        requests = [one.build_request("POST", "http://a.sim/b?c=d", json={"e": 1}) for one in (theirs, ours)]
        responses = [theirs.send(requests[0]), plain_response(answer, requests[1], ours, time.perf_counter())]
    return _alike(*requests) and _alike(*responses)


def _alike(one: object, other: object) -> bool:
    """Made of the same attributes, of the same types and, where they are plain, of the same values."""
    a, b = vars(one), vars(other)
    return a.keys() == b.keys() and all(
        type(a[name]) is type(b[name]) and (a[name] == b[name] or type(a[name]) not in _COMPARED)
        for name in a
    )


_NOWHERE = httpx.MockTransport(lambda _: httpx.Response(500))
"""Nothing is sent through it. A client without a transport loads the certificates of all authorities."""

_COMPARED = (bool, int, str, bytes, dict, list, httpx.Headers, httpx.URL)

_KNOWN = httpx_is_as_known()

_ASYNC_MODEL = AsyncSimClient(transport=_NOWHERE, trust_env=False)
_MODEL = SimClient(transport=_NOWHERE, trust_env=False)
_ASYNC_INITS = (httpx.AsyncClient.__init__, BaseClient.__init__)
_INITS = (httpx.Client.__init__, BaseClient.__init__)
