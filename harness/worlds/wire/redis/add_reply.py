"""Where the answer to an XADD goes."""

from __future__ import annotations

import asyncio

from harness.participant import Response
from harness.redis.resp import encoded, error
from harness.worlds.wire.redis.arrival import Side
from harness.worlds.wire.redis.bus import RedisBus


class AddReply:
    """It becomes the id of the entry, or an error."""

    ends = False

    def __init__(self, link: Side, bus: RedisBus, type_: str, event_id: str) -> None:
        self.given = asyncio.Event()
        self._link = link
        self._bus = bus
        self._event = (type_, event_id)

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        return self._link.gone

    def has_left(self) -> bool:
        """The same: the link has read what it was sent."""
        return self.gone

    def encode(self, response: Response, *, until_close: bool = False) -> bytes:
        """What the client is told."""
        del until_close
        if 200 <= response.status < 300:
            return encoded(self._bus.entry_id(*self._event))
        return error(f"ERR {response.status}: {response.body.decode(errors='replace')}")

    def write(self, data: bytes) -> None:
        """Send bytes, unless the client has left."""
        self._link.paid()
        self._link.write(data)
        self.given.set()

    def close(self) -> None:
        """End the connection."""
        self._link.close()

    def lost(self) -> asyncio.Future[None]:
        """Done once the client has left."""
        return self._link.lost()
