"""The canaries of one participant: one under each toxic that strikes a caller whom nobody sees.

Owns their tags and sending them. Refuses to say what a canary saw (`canary`, `armed_toxic`).
"""

from __future__ import annotations

import asyncio

from harness.worlds.wire.armed_toxic import ArmedToxic
from harness.worlds.wire.canary import Canary, NoCanary


class Canaries:
    """From run to run, on the servers' loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._under_way: dict[str, Canary] = {}
        self._sent = 0

    def under_way(self, tag: str) -> Canary | None:
        """The one whose request has just arrived."""
        return self._under_way.get(tag)

    async def watch_over(self, armed_toxic: ArmedToxic, address: str, *, muted: bool) -> None:
        """Send the one of a toxic, through the proxy at an address; whoever asks again waits for it."""
        if armed_toxic.watching is not None:
            await asyncio.shield(armed_toxic.watching)
            return
        armed_toxic.watching = self._loop.create_future()
        self._sent += 1
        canary = Canary(f"canary-{self._sent}")
        self._under_way[canary.tag] = canary
        try:
            await canary.open(address, muted=muted)
            armed_toxic.canary = canary
        except NoCanary as error:
            armed_toxic.blind = f"could not be sent: {error}"
        finally:
            del self._under_way[canary.tag]
            armed_toxic.watching.set_result(None)
