"""limit_data: after so many bytes the connection is closed."""

from dataclasses import dataclass
from typing import ClassVar

from harness.toxiproxy.embedded.channel import Chunk
from harness.toxiproxy.embedded.stub import Stub
from harness.toxiproxy.embedded.toxics.base import Behaviour


@dataclass(slots=True, kw_only=True)
class LimitData(Behaviour):
    """The count is kept for each connection and survives a change of the limit."""

    go_name: ClassVar[str] = "LimitDataToxic"

    bytes: int = 0

    async def pipe(self, stub: Stub) -> None:
        while (chunk := await stub.receive()) is not None:
            data = chunk.data[: max(0, self.bytes - stub.passed_bytes)]
            if data:
                await stub.send(Chunk(data, chunk.read_at_s))
                stub.passed_bytes += len(data)
            if stub.passed_bytes >= self.bytes:
                return
