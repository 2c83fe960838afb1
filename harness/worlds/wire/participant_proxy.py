"""The front of a participant: the proxy that its callers meet.

Owns arming and removing toxics, the canaries under them, being away for calls that are to be refused,
and the gate at which callers that the httpx wrapper sees wait meanwhile, so that a toxic strikes nobody
else. Everything here runs on the servers' loop, except where it says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Protocol

from harness.errors import EnvironmentFault
from harness.toxiproxy.client import Toxic
from harness.worlds.wire.armed_toxic import ArmedToxic
from harness.worlds.wire.background import Background
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.canaries import Canaries
from harness.worlds.wire.canary import refused
from harness.worlds.wire.failing_loudly import FailingLoudly
from harness.worlds.wire.http import Closable
from harness.worlds.wire.toxics import DISABLED, LINGER, of_a_run
from harness.worlds.wire.traffic import Traffic

BYSTANDERS_LIMIT_S = 0.05
POLL_S = 0.001


class ProxyLike(Protocol):
    """What a server asks of its proxy (`harness.toxiproxy.client.ProxyHandle`)."""

    name: str
    listen: str

    def enable(self) -> None: ...

    def disable(self) -> None: ...

    def add_toxic(self, toxic: Toxic) -> str: ...

    def remove_toxic(self, name: str) -> None: ...

    def toxics(self) -> tuple[str, ...]: ...

    def destroy(self) -> None: ...


class ParticipantProxy:
    """The proxy of one participant, from run to run. `connections` are those that came through it."""

    def __init__(self, name: str, background: Background) -> None:
        self.name = name
        self.connections: set[Closable] = set()
        self.gate: Future[None] | None = None
        self.touched = False
        self._background = background
        self._proxy: ProxyLike | None = None
        self._traffic: Traffic | None = None
        self.settling = asyncio.Event()
        self._armed_toxic: ArmedToxic | None = None
        self._turning = asyncio.Lock()
        self._refusing = 0
        self._down = False
        self._confirming: set[asyncio.Future[None]] = set()
        self._canaries = Canaries(background.loop)
        self._harmed: list[tuple[str, float]] = []  # what struck callers, and until when

    def stand_behind(self, proxy: ProxyLike) -> None:
        """This proxy forwards to the server."""
        self._proxy = proxy

    @property
    def proxy(self) -> ProxyLike:
        """The proxy in front of it."""
        assert self._proxy is not None
        return self._proxy

    # A run ------------------------------------------------------------------------------------

    def begin(self, traffic: Traffic) -> None:
        """Serve a run; from any thread, for nothing happens here between two runs."""
        self._traffic = traffic
        self.settling = asyncio.Event()
        self._harmed = []
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
        self.settling.set()
        while self._armed_toxic is not None:
            await self._armed_toxic.gone.wait()
        while self._confirming:
            await asyncio.wait(set(self._confirming))
        async with self._turning:
            await self._listen_again()

    async def end(self) -> None:
        """The run is over: nothing may be left armed. Raises EnvironmentFault where something is."""
        self._refusing = 0  # an abandoned saga never says that it was refused
        await self.settle()
        self._open_gate(whatever_comes=True)
        left = of_a_run(await self._api(self.proxy.toxics))
        for name in left:
            await self._api(self.proxy.remove_toxic, name)
        if strangers := [name for name in left if name != LINGER.name]:
            raise EnvironmentFault(
                f"proxy {self.proxy.name!r}: found toxics {strangers} still armed after a run, expected none"
            )

    # Refusals, asked for by the httpx wrapper -------------------------------------------------

    async def refuse(self) -> None:
        """Let nobody listen while a call connects, which tells itself what it met."""
        assert self._traffic is not None
        self.touched = True
        self._refusing += 1
        self._close_gate()
        with self._failing_loudly():
            async with self._turning:
                await self._bystanders_done()
                if not self._down:
                    self._down = True
                    await self._api(self.proxy.disable)

    async def refused(self) -> None:
        """The call was refused; the proxy is back unless the next one is refused too."""
        self._refusing = max(0, self._refusing - 1)
        if self._traffic is None:
            return
        with self._failing_loudly():
            async with self._turning:
                if not self._refusing and not self._away(self._traffic):
                    await self._listen_again()
        self._open_gate()

    async def come_back(self) -> None:
        """Listen again: a call is coming that is not to be refused."""
        with self._failing_loudly():
            while self._refusing and self.gate is not None:
                await asyncio.shield(asyncio.wrap_future(self.gate))
            async with self._turning:
                await self._listen_again()

    async def go_away(self) -> str | None:
        """Drop every connection, and listen no more; callers whom nobody sees will find nobody.

        A canary tries to connect; returns what it met where it was not refused.
        """
        assert self._traffic is not None
        self.touched = True
        async with self._turning:
            if self.settling.is_set():
                return None
            if not self._down:
                self._down = True
                await self._api(self.proxy.disable)
            met = await refused(self.proxy.listen)
        self._traffic.confirmations.away(self.proxy.name, met)
        return met

    async def be_back(self) -> None:
        """Listen again after `go_away`."""
        async with self._turning:
            await self._listen_again()

    def _away(self, traffic: Traffic) -> bool:
        with traffic.lock:
            return traffic.injector.engine.away(self.name)

    @property
    def down(self) -> bool:
        """Whether the proxy is disabled."""
        return self._down

    # Arming -----------------------------------------------------------------------------------

    async def arm(self, call: WireCall, toxic: Toxic) -> ArmedToxic | None:
        """Once no other toxic is in the way; None where everything settled meanwhile."""
        while (armed_toxic := self._armed_toxic) is not None:
            if armed_toxic.silences and armed_toxic.toxic == toxic and not armed_toxic.lifting:
                armed_toxic.calls.add(call)
                await armed_toxic.armed.wait()
                if not call.tagged:
                    await self._canaries.watch_over(armed_toxic, self.proxy.listen, muted=True)
                return armed_toxic
            await armed_toxic.gone.wait()
        if self.settling.is_set():
            return None
        armed_toxic = self._armed_toxic = ArmedToxic(toxic=toxic, calls={call})
        self.touched = True
        if not call.endless:  # a caller that never leaves must not keep others waiting
            self._close_gate()
        await self._bystanders_done()
        if not call.tagged:
            # It comes behind all that was written before, so that has passed the proxy by now.
            await self._canaries.watch_over(armed_toxic, self.proxy.listen, muted=False)
        await self._api(self.proxy.add_toxic, toxic)
        armed_toxic.armed.set()
        return armed_toxic

    async def disarm(self, armed_toxic: ArmedToxic, call: WireCall) -> None:
        armed_toxic.calls.discard(call)
        if armed_toxic.calls or armed_toxic.lifting:
            return
        armed_toxic.lifting = True
        armed_toxic.lifted_s = self._background.loop.time()
        # The server refuses to remove what is not there: this proves that it was, until now.
        await self._api(self.proxy.remove_toxic, armed_toxic.toxic.name)
        self._armed_toxic = None
        self._harmed.append((armed_toxic.toxic.name, self._background.loop.time()))
        armed_toxic.gone.set()
        self._open_gate()

    @contextmanager
    def confirming(self) -> Iterator[None]:
        """While a fault is to be confirmed, nothing here is settled."""
        pending = self._background.loop.create_future()
        self._confirming.add(pending)
        try:
            yield
        finally:
            self._confirming.discard(pending)
            pending.set_result(None)

    def harmed_since(self, since_s: float) -> str | None:
        """What was armed here at some time since then for calls of its own; from any thread."""
        armed_toxic = self._armed_toxic
        if armed_toxic is not None and armed_toxic.armed.is_set():
            return armed_toxic.toxic.name
        if self._down:
            return DISABLED
        return next((name for name, until_s in reversed(self._harmed) if until_s >= since_s), None)

    def _close_gate(self) -> None:
        if self.gate is None:
            self.gate = Future()

    def _open_gate(self, *, whatever_comes: bool = False) -> None:
        """Unless another toxic is armed, or another call being refused."""
        if self.gate is None or ((self._armed_toxic is not None or self._refusing) and not whatever_comes):
            return
        gate, self.gate = self.gate, None
        gate.set_result(None)

    async def _bystanders_done(self) -> None:
        """Let the answers that are on their way arrive."""
        deadline_s = self._background.loop.time() + BYSTANDERS_LIMIT_S
        # Polled: the callers are on other threads, and this is for a few milliseconds.
        while self._bystanders() and self._background.loop.time() < deadline_s:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)

    def _bystanders(self) -> bool:
        assert self._traffic is not None
        return self._traffic.calls.bystanders(self.name)

    async def _listen_again(self) -> None:
        if self._down:
            await self._api(self.proxy.enable)
            self._down = False
            self._harmed.append((DISABLED, self._background.loop.time()))

    # Asking the proxy server, and giving up ---------------------------------------------------

    async def _api(self, ask: Callable[..., object], *args: object) -> tuple[str, ...]:
        answer = await self._background.api(ask, *args)
        return answer if isinstance(answer, tuple) else ()

    def _failing_loudly(self) -> FailingLoudly:
        assert self._traffic is not None
        return FailingLoudly(self.name, self._traffic.signals, self.give_up)

    def give_up(self) -> None:
        """Nobody may wait for what will not come any more."""
        armed_toxic, self._armed_toxic = self._armed_toxic, None
        if armed_toxic is not None:
            armed_toxic.armed.set()
            armed_toxic.gone.set()
        self._open_gate(whatever_comes=True)
        for connection in list(self.connections):
            connection.close()
