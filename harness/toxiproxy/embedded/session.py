"""One proxied connection: a client, its upstream, and a link each way.

Owns that both sides close together in the end, and that nothing is left running behind them.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from harness.toxiproxy.embedded.chain import Chain
from harness.toxiproxy.embedded.link import Link
from harness.toxiproxy.embedded.peer import Peer

Count = Callable[[str, str, int], None]


class Session:
    """A pair of peers, joined."""

    def __init__(self, *, client: Peer, upstream: Peer, chain: Chain, count: Count) -> None:
        self._client = client
        self._upstream = upstream
        self._chain = chain
        self._count = count
        self._links: dict[str, Link] = {}
        self._ended: set[str] = set()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        """Join the two."""
        await self._open("upstream", self._client, self._upstream)
        await self._open("downstream", self._upstream, self._client)

    def close(self) -> None:
        """Close both sides now; what the toxics hold is lost."""
        self._client.close()
        self._upstream.close()
        for direction, link in self._links.items():
            link.abort()
            self._chain.forget(direction, link)
        if not self.over.done():
            self.over.set_result(None)

    async def _open(self, direction: str, source: Peer, target: Peer) -> None:
        link = self._links[direction] = await self._chain.open(direction, source, target)
        link.start(
            on_read=partial(self._count, "received", direction),
            on_written=partial(self._on_written, direction),
        )

    def _on_written(self, direction: str, count: int) -> None:
        self._count("sent", direction, count)
        self._chain.forget(direction, self._links[direction])
        self._ended.add(direction)
        if len(self._ended) == len(("upstream", "downstream")):
            self.close()
