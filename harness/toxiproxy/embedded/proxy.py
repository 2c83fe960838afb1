"""One proxy: a listener, and the connections that came through it.

Owns accepting, and switching on and off. Off means that the listener is gone and every connection is
closed, so a client sees a refused connection. Connections are dialled one after the other.
"""

import asyncio
import random
import socket

from harness.toxiproxy.embedded.addresses import AddressUnreadable, bound_address, loopback_address
from harness.toxiproxy.embedded.chain import Chain
from harness.toxiproxy.embedded.failures import ApiFailure
from harness.toxiproxy.embedded.metrics import Metrics
from harness.toxiproxy.embedded.peer import Peer, dial
from harness.toxiproxy.embedded.session import Session


class Proxy:
    """Client, toxics, upstream."""

    def __init__(
        self, *, name: str, listen: str, upstream: str, rng: random.Random, metrics: Metrics | None
    ) -> None:
        self.name = name
        self.listen = listen
        self.upstream = upstream
        self.enabled = False
        self.chain = Chain(rng)
        self._metrics = metrics
        self._sessions: set[Session] = set()
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._switch = asyncio.Lock()

    async def start(self) -> None:
        """Listen, unless it does already."""
        async with self._switch:
            self._start()

    async def stop(self) -> None:
        """Close the listener and all connections."""
        async with self._switch:
            await self._stop()

    async def update(self, *, listen: str, upstream: str, enabled: bool) -> None:
        """Become this; an enabled proxy that moves drops its connections."""
        async with self._switch:
            if self.differs(listen=listen, upstream=upstream):
                await self._stop()
                self.listen, self.upstream = listen, upstream
            if enabled:
                self._start()
            else:
                await self._stop()

    def differs(self, *, listen: str, upstream: str) -> bool:
        """Whether these are other addresses than now."""
        try:
            address = loopback_address(listen)
        except AddressUnreadable as error:
            raise ApiFailure(str(error), 500) from error
        return self.listen != str(address) or self.upstream != upstream

    def _start(self) -> None:
        if self.enabled:
            return
        try:
            self._listener = loopback_address(self.listen).bind()
        except AddressUnreadable as error:
            raise ApiFailure(f"listen tcp: {error}", 500) from error
        except OSError as error:
            raise ApiFailure(str(error), 500) from error
        self.listen = str(bound_address(self._listener))
        self.enabled = True
        self._accepting = asyncio.get_running_loop().create_task(self._accept(self._listener))

    async def _stop(self) -> None:
        self.enabled = False
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait({self._accepting})
        if self._listener is not None:
            self._listener.close()
        self._accepting = self._listener = None
        for session in tuple(self._sessions):
            session.close()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            await self._join(Peer(client))

    async def _join(self, client: Peer) -> None:
        try:
            upstream = await dial(self.upstream)
        except OSError:
            client.close()
            return
        except BaseException:
            client.close()
            raise
        session = Session(client=client, upstream=upstream, chain=self.chain, count=self._count)
        self._sessions.add(session)
        session.over.add_done_callback(lambda _: self._sessions.discard(session))
        await session.open()

    def _count(self, side: str, direction: str, count: int) -> None:
        if self._metrics is not None:
            self._metrics.add(side, direction, (self.listen, self.name, self.upstream), count)
