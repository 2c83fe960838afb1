"""How httpx reaches the simulated network: two transports, and a respx router for foreign clients."""

from __future__ import annotations

import asyncio
import math
from asyncio import events
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, NoReturn

import httpx
import respx
from httpx._urlparse import ParseResult

from harness.clock import SimSocketRefused, VirtualLoop, guard, outside_of_loops
from harness.clock.active import current
from harness.faults.identification import OfAnEarlierRun
from harness.faults.injector import FaultInjector
from harness.participant import Request, Response
from harness.plan.decision import Symptom
from harness.worlds.bounds import DISCONNECTED
from harness.worlds.sim.exchange import Exchange

_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


class Network:
    """The simulated network of one run. `hosts` maps a host name to a node and a participant.

    whose: the executor that runs just now, and its node. wait: lets the world go on below it until something
    is true, and answers whether it is; false where others have to be seen to first.
    """

    def __init__(
        self,
        injector: FaultInjector,
        hosts: Mapping[str, tuple[int, str]],
        whose: Callable[[], tuple[int, int]],
        start: Callable[[Exchange], None],
        new: Callable[..., Exchange],
        wait: Callable[[Callable[[], bool]], bool],
    ) -> None:
        self._wait = wait
        self.injector = injector
        self._hosts = hosts
        self._whose = whose
        self._start = start
        self._new = new

    def exchange(self, request: httpx.Request, body: bytes) -> Exchange:
        """Send a request on its way. Raises SimSocketRefused where no participant lives there."""
        host = _place(request)[0]
        found = self._hosts.get(host)
        if found is None:
            guard.refuse(SimSocketRefused, f"{request.method} {request.url} is no participant's address")
        executor, node = self._whose()
        if found[0] != node:
            raise httpx.ConnectError(f"nothing listens: {host} is no address of this node")
        read_timeout_s = request.extensions.get("timeout", {}).get("read")
        try:
            in_flight = self.injector.send(
                executor, found[1], _as_request(request, body), endless=read_timeout_s is None
            )
        except OfAnEarlierRun:
            raise httpx.RemoteProtocolError(DISCONNECTED, request=request) from None
        exchange = self._new(in_flight, read_timeout_s)
        self._start(exchange)
        return exchange

    def came_in_place(self, exchange: Exchange) -> bool:
        """Whether a call ended before its event loop had anything else to do.

        Then its task, which is the only one, would be the next to run anyway: it goes on without a future and
        a turn of the loop.
        """
        loop = events._get_running_loop()  # noqa: SLF001 - offered to implementers of event loops
        if type(loop) is not VirtualLoop or not loop.has_one_task() or loop.get_debug():
            return False
        with outside_of_loops():
            self._wait(lambda: exchange.done or loop.awake())
        return exchange.done


class NetworkCell:
    """Holds the network of the run that is on; clients may outlive a run."""

    network: Network | None = None

    def get(self) -> Network:
        """The network, or a loud refusal for what calls after its run."""
        run = current()
        if (run is not None and run.has_ended()) or self.network is None:
            raise httpx.ConnectError("this run is over")
        return self.network


class AsyncSimTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient`."""

    def __init__(self, cell: NetworkCell) -> None:
        self._cell = cell

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return unread(await self.answer(request, await request.aread()))

    async def answer(self, request: httpx.Request, body: bytes) -> Response:
        """What the participant answers. Raises httpx.TransportError where the caller sees no answer."""
        network = self._cell.get()
        exchange = network.exchange(request, body)
        if not exchange.done and not network.came_in_place(exchange):
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            exchange.on_done = partial(_wake, future)
            try:
                await future
            except BaseException:
                exchange.fail(Symptom.SILENCE, abandoned=True)
                raise
        return exchange.response or _raise(exchange.symptom, request)


class SimTransport(httpx.BaseTransport):
    """For `httpx.Client`: waiting for a reply lets virtual time pass."""

    def __init__(self, cell: NetworkCell) -> None:
        self._cell = cell

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return unread(self.answer(request, request.read()))

    def answer(self, request: httpx.Request, body: bytes) -> Response:
        """What the participant answers. Raises httpx.TransportError where the caller sees no answer."""
        exchange = self._cell.get().exchange(request, body)
        try:
            if not exchange.done:
                exchange.scheduler.wait(math.inf, lambda: exchange.done)
        except BaseException:
            exchange.fail(Symptom.SILENCE, abandoned=True)
            raise
        return exchange.response or _raise(exchange.symptom, request)


class ForeignClients(respx.MockRouter):
    """Catches clients that a saga builds for itself, underneath httpx, and sends them the same way."""

    def __init__(self, cell: NetworkCell) -> None:
        super().__init__(assert_all_called=False, assert_all_mocked=False)
        self._sync = SimTransport(cell)
        self._async = AsyncSimTransport(cell)

    def handler(self, request: httpx.Request) -> httpx.Response:
        """For `httpx.Client`."""
        return self._sync.handle_request(request)

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        """For `httpx.AsyncClient`."""
        return await self._async.handle_async_request(request)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _as_request(request: httpx.Request, body: bytes) -> Request:
    _, path, query = _place(request)
    return Request(
        method=request.method,
        path=path,
        query=dict(query) if query else {},
        headers={
            _name(name): value.decode("latin-1")
            for name, _, value in request.headers._list  # noqa: SLF001 - `raw` makes a list of pairs first
        },
        body=body,
    )


def _place(request: httpx.Request) -> tuple[str, str, dict[str, str]]:
    """Host, path and query, which httpx works out anew whenever it is asked."""
    return _place_of(request.url._uri_reference)  # noqa: SLF001 - a URL is slow as a key


@lru_cache(maxsize=4096)
def _place_of(parsed: ParseResult) -> tuple[str, str, dict[str, str]]:
    url = httpx.URL.__new__(httpx.URL)  # as it was parsed: parsed once more it might be another one
    url._uri_reference = parsed  # noqa: SLF001 - see above
    return url.host, url.path, dict(url.params.multi_items()) if url.query else {}


@lru_cache(maxsize=256)
def _name(name: bytes) -> str:
    return name.decode("latin-1").lower()


def unread(response: Response) -> httpx.Response:
    """A reply as httpx has it from a socket: its head, and a body that is still to be read."""
    return httpx.Response(
        response.status,
        headers=head(response.headers, response.status, response.media_type, len(response.body)),
        stream=httpx.ByteStream(response.body),
        extensions=extensions(response.status),
    )


def head(
    headers: tuple[tuple[str, str], ...], status: int, media_type: str | None, size: int
) -> list[tuple[bytes, bytes]]:
    """The headers of a reply: those that the wire sends."""
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if media_type is not None:
        lines.append((b"content-type", media_type.encode()))
    if status != HTTPStatus.NO_CONTENT:
        lines.append((b"content-length", b"%d" % size))
    return lines


def extensions(status: int) -> dict[str, Any]:
    """What httpcore tells of a reply over HTTP/1.1."""
    return {"http_version": b"HTTP/1.1", "reason_phrase": _REASONS.get(status, b"Unknown")}


_ERRORS: Mapping[Symptom, tuple[type[httpx.TransportError], str]] = {
    Symptom.REFUSED: (httpx.ConnectError, "nothing listens"),
    Symptom.SILENCE: (httpx.ReadTimeout, "no answer within the read time-out"),
    Symptom.RESET: (httpx.ReadError, "connection reset"),
    Symptom.CUT: (httpx.RemoteProtocolError, "the reply was cut short"),
}


def _raise(symptom: Symptom, request: httpx.Request) -> NoReturn:
    error, message = _ERRORS[symptom]
    raise error(message, request=request)
