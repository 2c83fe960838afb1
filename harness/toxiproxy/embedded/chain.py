"""The toxics of one proxy, and the live links they act on.

Owns the order of the toxics in each direction and doing a change to all links together. One change at a
time: a link that cannot be interrupted, because its client does not read, holds up the next change.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable

from harness.toxiproxy.embedded.failures import toxic_exists, toxic_not_found
from harness.toxiproxy.embedded.link import Link
from harness.toxiproxy.embedded.peer import Peer
from harness.toxiproxy.embedded.toxic import Toxic
from harness.toxiproxy.embedded.toxics.base import Behaviour

DIRECTIONS = ("upstream", "downstream")


class Chain:
    """What a proxy does to its streams."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._head = Toxic()
        self._toxics: dict[str, list[Toxic]] = {direction: [] for direction in DIRECTIONS}
        self._links: dict[str, set[Link]] = {direction: set() for direction in DIRECTIONS}
        self._change = asyncio.Lock()

    def all(self) -> list[Toxic]:
        """Upstream ones first, each in the order of their coming."""
        return [toxic for direction in DIRECTIONS for toxic in self._toxics[direction]]

    def find(self, name: str) -> Toxic:
        """The toxic of that name, or the API's 404."""
        for toxic in self.all():
            if toxic.name == name:
                return toxic
        raise toxic_not_found()

    async def open(self, direction: str, source: Peer, target: Peer) -> Link:
        """A link with the toxics of now; it is to be started at once."""
        async with self._change:
            toxics = [self._head, *self._toxics[direction]]
            link = Link(source=source, target=target, toxics=toxics, rng=self._rng)
            self._links[direction].add(link)
            return link

    def forget(self, direction: str, link: Link) -> None:
        """This link has ended."""
        self._links[direction].discard(link)

    async def add(self, toxic: Toxic) -> None:
        """Install a toxic behind the others, on live links too."""
        async with self._change:
            if any(toxic.name == other.name for other in self.all()):
                raise toxic_exists()
            self._toxics[toxic.direction].append(toxic)
            await self._on_links(toxic, lambda link: link.add(toxic))

    async def update(self, toxic: Toxic, behaviour: Behaviour, toxicity: float) -> None:
        """Change a toxic, on live links too."""
        async with self._change:
            toxic.behaviour.become(behaviour)
            toxic.toxicity = toxicity
            await self._on_links(toxic, lambda link: link.update(toxic))

    async def remove(self, name: str) -> None:
        """Take a toxic away, from live links too."""
        async with self._change:
            await self._remove(self.find(name))

    async def clear(self) -> None:
        """Take all toxics away, one by one from the front."""
        async with self._change:
            for toxic in self.all():
                await self._remove(toxic)

    async def _remove(self, toxic: Toxic) -> None:
        self._toxics[toxic.direction].remove(toxic)
        await self._on_links(toxic, lambda link: link.remove(toxic))

    async def _on_links(self, toxic: Toxic, change: Callable[[Link], Awaitable[None]]) -> None:
        links: Iterable[Link] = self._links[toxic.direction]
        await asyncio.gather(*(change(link) for link in links))
