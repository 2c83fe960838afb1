"""slow_close: the end of the stream arrives late."""

from dataclasses import dataclass
from typing import ClassVar

from harness.toxiproxy.embedded.stub import Stub
from harness.toxiproxy.embedded.toxics.base import Behaviour


@dataclass(slots=True, kw_only=True)
class SlowClose(Behaviour):
    """Data passes untouched."""

    go_name: ClassVar[str] = "SlowCloseToxic"

    delay: int = 0

    async def pipe(self, stub: Stub) -> None:
        while (chunk := await stub.receive()) is not None:
            await stub.send(chunk)
        await stub.sleep(self.delay / 1000)
