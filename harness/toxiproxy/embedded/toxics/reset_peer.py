"""reset_peer: the first sign of life on the stream resets the connection, after a while."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from harness.toxiproxy.embedded.stub import Stub
from harness.toxiproxy.embedded.toxics.base import Behaviour


@dataclass(slots=True, kw_only=True)
class ResetPeer(Behaviour):
    """Connections opened before the toxic came are closed instead of reset."""

    go_name: ClassVar[str] = "ResetToxic"
    resets: ClassVar[bool] = True

    timeout: int = 0

    async def pipe(self, stub: Stub) -> None:
        await stub.receive()
        # Not stub.sleep: once triggered, the real server cannot be talked out of it either.
        await asyncio.sleep(self.timeout / 1000)
