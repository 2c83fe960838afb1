"""A station: one participant's HTTP server and the proxy in front of it.

Owns realising symptoms: a toxic is armed for one request before its answer is written, and removed
once the caller has left. While it is armed, callers that the httpx wrapper sees wait before they
send, so that it strikes nobody else; those it cannot see are struck by accident, as if their request
had been lost, and that is recorded. Everything here runs on the servers' loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from harness.errors import EnvironmentFault, SagaChaosError
from harness.participant import Request
from harness.plan.treatment import Symptom
from harness.toxiproxy.client import Toxic
from harness.worlds.wire.background import Background
from harness.worlds.wire.http import Connection, encode
from harness.worlds.wire.toxics import DISABLED, LINGER, SLOW_MS, toxic_for
from harness.worlds.wire.traffic import Call, Traffic

INNOCENTS_LIMIT_S = 0.05
POLL_S = 0.001
STRUCK_LIMIT_S = 2.0


class ProxyLike(Protocol):
    """What a station asks of its proxy (`harness.toxiproxy.client.ProxyHandle`)."""

    name: str
    listen: str

    def enable(self) -> None: ...

    def disable(self) -> None: ...

    def add_toxic(self, toxic: Toxic) -> str: ...

    def remove_toxic(self, name: str) -> None: ...

    def toxics(self) -> tuple[str, ...]: ...

    def destroy(self) -> None: ...


@dataclass(slots=True, kw_only=True, eq=False)
class Exposure:
    """A toxic while it is armed, and the calls it is armed for."""

    toxic: Toxic
    calls: set[Call]
    armed: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    lifting: bool = False

    @property
    def silences(self) -> bool:
        """Whether its removal closes every connection it saw."""
        return self.toxic.type == "timeout"


class Station:
    """One participant's place on the wire, from run to run."""

    def __init__(self, name: str, background: Background) -> None:
        self.name = name
        self.connections: set[Connection] = set()
        self.gate: Future[None] | None = None
        self._background = background
        self._server: asyncio.Server | None = None
        self._proxy: ProxyLike | None = None
        self._traffic: Traffic | None = None
        self._settling = asyncio.Event()
        self._exposure: Exposure | None = None
        self._refusing = 0
        self._down = False
        self.touched = False

    # Set up and taken down --------------------------------------------------------------------

    async def listen(self) -> int:
        """Start the server; its port."""
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._on_request, self.connections), "127.0.0.1", 0
        )
        self._server = server
        port: int = server.sockets[0].getsockname()[1]
        return port

    def stand_behind(self, proxy: ProxyLike) -> None:
        """This proxy forwards to the server."""
        self._proxy = proxy

    @property
    def proxy(self) -> ProxyLike:
        """The proxy in front of it."""
        assert self._proxy is not None
        return self._proxy

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.close()

    # A run ------------------------------------------------------------------------------------

    def begin(self, traffic: Traffic) -> None:
        """Serve a run; from any thread, for nothing happens here between two runs."""
        self._traffic = traffic
        self._settling = asyncio.Event()
        self.touched = False

    async def make_resettable(self) -> None:
        """From now on a `reset_peer` resets connections, and does not only close them."""
        self.touched = True
        await self._api(self.proxy.add_toxic, LINGER)
        if self.connections:  # opened before, so they would not be reset
            await self._api(self.proxy.disable)
            await self._api(self.proxy.enable)

    async def settle(self) -> None:
        """Every fault ends here: nothing stays armed, and the proxy is there."""
        self._settling.set()
        while self._exposure is not None:
            await self._exposure.gone.wait()
        await self._come_back()

    async def end(self) -> None:
        """The run is over: nothing may be left armed. Raises EnvironmentFault where something is."""
        await self.settle()
        left = await self._api(self.proxy.toxics)
        if LINGER.name in left:
            await self._api(self.proxy.remove_toxic, LINGER.name)
        if strangers := [name for name in left if name != LINGER.name]:
            raise EnvironmentFault(
                f"proxy {self.proxy.name!r}: found toxics {strangers} still armed after a run, expected none"
            )

    # Refusals, asked for by the httpx wrapper -------------------------------------------------

    async def refuse(self, call: Call) -> None:
        """Let nobody listen while this call connects."""
        assert self._traffic is not None
        self._refusing += 1
        with self._failing_loudly():
            self.gate = self.gate or Future()
            await self._innocents_done()
            if not self._down:
                self._down = self.touched = True
                await self._api(self.proxy.disable)
            self._traffic.armed(call, DISABLED)

    async def refused(self) -> None:
        """The call was refused; the proxy is back unless the next one is refused too."""
        self._refusing -= 1
        if self._refusing or self._traffic is None:
            return
        with self._failing_loudly():
            with self._traffic.lock:
                away = self._traffic.door.engine.away(self.name)
            if not away:
                await self._come_back()
        self._open_gate()

    async def come_back(self) -> None:
        """Listen again: a call is coming that is not to be refused."""
        with self._failing_loudly():
            await self._come_back()

    @property
    def down(self) -> bool:
        """Whether the proxy is disabled."""
        return self._down

    # Requests ---------------------------------------------------------------------------------

    def _on_request(self, connection: Connection, request: Request, tag: str | None) -> None:
        traffic = self._traffic
        call = traffic.arrived(self.name, tag, request) if traffic is not None else None
        if call is None or traffic is None:
            connection.close()
        elif call.symptom is Symptom.NONE and self._exposure is None:
            self._answer(traffic, connection, call)
        else:
            self._background.spawn(self._serve_with_care(traffic, connection, call))

    def _answer(self, traffic: Traffic, connection: Connection, call: Call) -> None:
        response = traffic.through_the_door(call)
        if call.tagged:
            connection.write(encode(response))
        elif connection.gone:
            traffic.failed(call, Symptom.SILENCE, abandoned=True)
        else:
            # Recorded first: once it is written, the caller may already act on it.
            traffic.answered(call, response)
            connection.write(encode(response))

    async def _serve_with_care(self, traffic: Traffic, connection: Connection, call: Call) -> None:
        with self._failing_loudly():
            if call.symptom is not Symptom.NONE:
                await self._strike(traffic, connection, call)
                return
            while (exposure := self._exposure) is not None and exposure.armed.is_set():
                if exposure.silences:
                    await self._lose_by_accident(traffic, connection, call, exposure)
                    return
                await exposure.gone.wait()
            self._answer(traffic, connection, call)

    async def _strike(self, traffic: Traffic, connection: Connection, call: Call) -> None:
        """Deliver or hold, arm, answer, wait until the caller has left, and disarm."""
        self._watch(traffic, call)
        response = traffic.through_the_door(call)
        strike = call.passage.strike
        variant = strike.variant if strike is not None else ""
        payload = encode(response, until_close=variant == "slow_close")
        exposure = await self._arm(call, toxic_for(call.symptom, variant, payload))
        if exposure is None:
            self._conclude(traffic, call)
            connection.close()
            return
        traffic.armed(call, exposure.toxic.name)
        if call.symptom is Symptom.DELAYED and not call.tagged:
            traffic.answered(call, response)  # recorded first: the caller may act on it before we know
        connection.write(payload)
        if variant == "slow_close":
            connection.close()
        await self._until_left(connection, call)
        self._conclude(traffic, call)
        await self._disarm(exposure, call)

    def _watch(self, traffic: Traffic, call: Call) -> None:
        call.left = asyncio.Event()
        with traffic.lock:
            if call.passage.over:
                call.left.set()

    async def _lose_by_accident(
        self, traffic: Traffic, connection: Connection, call: Call, exposure: Exposure
    ) -> None:
        self._watch(traffic, call)
        traffic.accident(call, exposure.toxic.name)
        await self._first_of(call, connection, self._settling.wait())
        self._conclude(traffic, call)

    # Arming -----------------------------------------------------------------------------------

    async def _arm(self, call: Call, toxic: Toxic) -> Exposure | None:
        """Once no other toxic is in the way; None where everything settled meanwhile."""
        while (exposure := self._exposure) is not None:
            if exposure.silences and exposure.toxic == toxic and not exposure.lifting:
                exposure.calls.add(call)
                await exposure.armed.wait()
                return exposure
            await exposure.gone.wait()
        if self._settling.is_set():
            return None
        exposure = self._exposure = Exposure(toxic=toxic, calls={call})
        self.touched = True
        if not call.endless:  # a caller that never leaves must not keep others waiting
            self.gate = Future()
        await self._innocents_done()
        await self._api(self.proxy.add_toxic, toxic)
        exposure.armed.set()
        return exposure

    async def _disarm(self, exposure: Exposure, call: Call) -> None:
        exposure.calls.discard(call)
        if exposure.calls or exposure.lifting:
            return
        exposure.lifting = True
        # The server refuses to remove what is not there: this proves that it was, until now.
        await self._api(self.proxy.remove_toxic, exposure.toxic.name)
        self._exposure = None
        exposure.gone.set()
        self._open_gate()

    def _open_gate(self) -> None:
        gate, self.gate = self.gate, None
        if gate is not None:
            gate.set_result(None)

    async def _innocents_done(self) -> None:
        """Let the answers that are on their way arrive."""
        deadline_s = self._background.loop.time() + INNOCENTS_LIMIT_S
        # Polled: the callers are on other threads, and this is for a few milliseconds.
        while self._innocents() and self._background.loop.time() < deadline_s:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)

    def _innocents(self) -> bool:
        assert self._traffic is not None
        with self._traffic.lock:
            return any(
                one.innocent and one.tagged and one.station == self.name
                for one in self._traffic.open.values()
            )

    async def _come_back(self) -> None:
        if self._down:
            await self._api(self.proxy.enable)
            self._down = False

    # Waiting ----------------------------------------------------------------------------------

    async def _until_left(self, connection: Connection, call: Call) -> None:
        if call.symptom is Symptom.SILENCE:
            await self._first_of(call, connection, self._settling.wait())
        elif call.symptom is Symptom.DELAYED and not call.tagged:
            await asyncio.sleep(2 * SLOW_MS / 1000)
        else:
            await self._first_of(call, connection, asyncio.sleep(STRUCK_LIMIT_S))

    async def _first_of(self, call: Call, connection: Connection, limit: Awaitable[object]) -> None:
        """Until the caller has left, as its side or ours sees it, or the limit."""
        assert call.left is not None
        watched = [asyncio.ensure_future(call.left.wait()), asyncio.ensure_future(limit)]
        if not (call.tagged and call.symptom is Symptom.DELAYED):  # its reply may outlive our connection
            watched.append(asyncio.ensure_future(asyncio.shield(connection.lost())))
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        for one in watched:
            one.cancel()

    def _conclude(self, traffic: Traffic, call: Call) -> None:
        """Say how a call ended that settling broke off, or whose caller cannot tell."""
        if self._settling.is_set() and call.symptom is Symptom.SILENCE:
            traffic.failed(call, Symptom.RESET, broken_off=True)
        elif not call.tagged:
            traffic.failed(call, call.symptom)

    # ------------------------------------------------------------------------------------------

    async def _api(self, ask: Callable[..., object], *args: object) -> tuple[str, ...]:
        answer = await self._background.api(ask, *args)
        return answer if isinstance(answer, tuple) else ()

    def _failing_loudly(self) -> _FailingLoudly:
        assert self._traffic is not None
        return _FailingLoudly(self, self._traffic)

    def give_up(self) -> None:
        """Nobody may wait for what will not come any more."""
        exposure, self._exposure = self._exposure, None
        if exposure is not None:
            exposure.armed.set()
            exposure.gone.set()
        self._open_gate()
        for connection in list(self.connections):
            connection.close()


class _FailingLoudly:
    """What goes wrong on the servers' loop ends the run, and nobody waits for it in vain."""

    def __init__(self, station: Station, traffic: Traffic) -> None:
        self._station = station
        self._traffic = traffic

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        if isinstance(error, SagaChaosError):
            self._traffic.abort(error)
        else:
            name = type(error).__name__
            self._traffic.abort(SagaChaosError(f"station {self._station.name!r}: {name}: {error}"))
        self._station.give_up()
        return True
