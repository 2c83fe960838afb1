"""Sees what httpx sends to a participant before it is sent, and what came back to the caller.

Owns the wrapper around httpx's two network transports, and around ours that publishes to a broker. It is
how a refusal can be armed in time and every attempt be seen; the request is sent for real, and everything
else goes through untouched.
Refuses other HTTP clients: their calls are seen as they arrive (`participant_server`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextvars import ContextVar
from functools import partial
from types import TracebackType
from typing import Self, cast
from unittest import mock

import httpx

from harness.adapter.brokers import BrokerTransport
from harness.clock.real import monotonic_s
from harness.faults.identification import OfAnEarlierRun
from harness.participant import Request, Response
from harness.plan.decision import Symptom
from harness.worlds.bounds import DISCONNECTED
from harness.worlds.wire.background import Background
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.http import TAG_HEADER, request_of
from harness.worlds.wire.participant_server import ParticipantServer
from harness.worlds.wire.traffic import Traffic

running: ContextVar[tuple[int, int]] = ContextVar("running", default=(0, 0))
"""The run and the executor that the code belongs to; tasks inherit it, bare threads do not."""

Address = tuple[str, int]
Send = Callable[[httpx.Request], Awaitable[httpx.Response]]

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Outgoing:
    """One request on its way out. A future that a method returns is to be waited for."""

    def __init__(
        self,
        traffic: Traffic,
        participant_server: ParticipantServer,
        background: Background,
        request: Request,
    ) -> None:
        self._traffic = traffic
        self._participant_server = participant_server
        self._background = background
        self._request = request
        self._call: WireCall | None = None
        self._sent_s = 0.0
        self.tag = ""

    def gate(self) -> Future[None] | None:
        """Pending while a toxic is armed for somebody else."""
        if self._traffic.signals.over is not None:
            return None
        return self._participant_server.gate

    def send(self, executor: int, *, read_timeout_s: float | None) -> Future[None] | None:
        """Record the call; pending until the proxy is as the call has to find it."""
        self._sent_s = monotonic_s()
        try:
            self._call, self.tag = self._traffic.calls.send(
                executor, self._participant_server.name, self._request, read_timeout_s=read_timeout_s
            )
        except OfAnEarlierRun:
            raise httpx.RemoteProtocolError(DISCONNECTED) from None
        if self._call.symptom is Symptom.REFUSED:
            return self._background.begin(self._participant_server.refuse())
        if self._participant_server.down and not self._participant_server.outages:
            return self._background.begin(self._participant_server.come_back())
        return None

    def answered(self, response: httpx.Response, body: bytes) -> None:
        """The whole reply is here."""
        assert self._call is not None
        retry_after = response.headers.get("retry-after")
        headers = (("retry-after", retry_after),) if retry_after is not None else ()
        seen = Response(status=response.status_code, body=body, headers=headers)
        self._traffic.calls.answered(self._call, seen)
        self._over(self._call)

    def failed(self, error: BaseException) -> None:
        """There will be no reply."""
        assert self._call is not None
        if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError) and self._unplanned(self._call):
            self._traffic.signals.suspect()
        abandoned = not isinstance(error, httpx.TransportError)
        self._traffic.calls.failed(
            self._call,
            _symptom(error),
            abandoned=abandoned,
            sent=not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout),
            collateral=None if abandoned else self._participant_server.harmed_since(self._sent_s),
        )
        self._over(self._call)

    def _over(self, call: WireCall) -> None:
        if call.symptom is Symptom.REFUSED:
            self._background.begin(self._participant_server.refused())

    def _unplanned(self, call: WireCall) -> bool:
        return call.symptom in (Symptom.NONE, Symptom.DELAYED) and not self._traffic.signals.settling


class HttpxWrapper:
    """In force between `__enter__` and `__exit__`. `traffic` is that of the run that is on."""

    def __init__(self, background: Background) -> None:
        self.traffic: Traffic | None = None
        self.participant_servers: Mapping[Address, ParticipantServer] = {}
        self._background = background
        self._send_sync = httpx.HTTPTransport.handle_request
        self._send_async = httpx.AsyncHTTPTransport.handle_async_request
        self._send_message = BrokerTransport.handle_async_request
        self._patches = (
            mock.patch.object(httpx.HTTPTransport, "handle_request", _as_method(self._sync)),
            mock.patch.object(httpx.AsyncHTTPTransport, "handle_async_request", _as_method(self._async)),
            mock.patch.object(BrokerTransport, "handle_async_request", _as_method(self._publish)),
        )

    def watch(self, address: Address, participant_server: ParticipantServer) -> None:
        """From now on requests to an address are calls of a participant."""
        self.participant_servers = {**self.participant_servers, address: participant_server}

    def __enter__(self) -> Self:
        for patch in self._patches:
            patch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for patch in self._patches:
            patch.stop()

    def _sync(self, transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        outgoing = self._outgoing(request)
        if outgoing is None:
            return self._send_sync(transport, request)
        while (gate := outgoing.gate()) is not None:
            gate.result()
        ready = outgoing.send(running.get()[1], read_timeout_s=_read_timeout_s(request))
        try:
            if ready is not None:
                ready.result()
            with _Tagged(request, outgoing.tag):
                response = self._send_sync(transport, request)
                body = b"".join(cast("httpx.SyncByteStream", response.stream))
            response.close()
        except BaseException as error:
            outgoing.failed(error)
            raise
        outgoing.answered(response, body)
        return _whole(response, body)

    async def _async(self, transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await self._seen(partial(self._send_async, transport), request)

    async def _publish(self, transport: BrokerTransport, request: httpx.Request) -> httpx.Response:
        return await self._seen(partial(self._send_message, transport), request)

    async def _seen(self, send: Send, request: httpx.Request) -> httpx.Response:
        outgoing = self._outgoing(request)
        if outgoing is None:
            return await send(request)
        while (gate := outgoing.gate()) is not None:
            await asyncio.shield(asyncio.wrap_future(gate))
        ready = outgoing.send(running.get()[1], read_timeout_s=_read_timeout_s(request))
        try:
            if ready is not None:
                await asyncio.shield(asyncio.wrap_future(ready))
            with _Tagged(request, outgoing.tag):
                response = await send(request)
                body = b"".join([part async for part in cast("httpx.AsyncByteStream", response.stream)])
            await response.aclose()
        except BaseException as error:
            outgoing.failed(error)
            raise
        outgoing.answered(response, body)
        return _whole(response, body)

    def _outgoing(self, request: httpx.Request) -> Outgoing | None:
        participant_server = self.participant_servers.get((request.url.host, request.url.port or 80))
        if participant_server is None or not isinstance(request.stream, httpx.ByteStream):
            return None  # nobody's, or a body that can be read only once: seen as it arrives
        traffic, run = self.traffic, running.get()[0]
        if traffic is None or run not in (0, traffic.number):
            raise httpx.ConnectError("this run is over", request=request)
        seen = request_of(request.method, request.url.raw_path, request.headers.raw, request.read())
        return Outgoing(traffic, participant_server, self._background, seen)


class _Tagged:
    """The tag is in the request's headers only while it travels."""

    def __init__(self, request: httpx.Request, tag: str) -> None:
        self._headers = request.headers
        self._tag = tag

    def __enter__(self) -> None:
        self._headers[TAG_HEADER] = self._tag

    def __exit__(self, *_: object) -> None:
        del self._headers[TAG_HEADER]


def _as_method(function: Callable[..., object]) -> Callable[..., object]:
    """A bound method is no descriptor: it would not be given the transport."""
    return lambda transport, request: function(transport, request)  # noqa: PLW0108 - see above


def _read_timeout_s(request: httpx.Request) -> float | None:
    seconds: float | None = request.extensions.get("timeout", {}).get("read")
    return seconds


def _symptom(error: BaseException) -> Symptom:
    if isinstance(error, _NOT_SENT):
        return Symptom.REFUSED
    if isinstance(error, httpx.RemoteProtocolError):
        return Symptom.CUT
    if isinstance(error, httpx.NetworkError):
        return Symptom.RESET
    return Symptom.SILENCE


def _whole(response: httpx.Response, body: bytes) -> httpx.Response:
    """The same response, with the body that was read already."""
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        stream=httpx.ByteStream(body),
        extensions=response.extensions,
    )
