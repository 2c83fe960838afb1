"""bandwidth: so many kilobytes a second, and none at all at rate 0."""

from dataclasses import dataclass
from typing import ClassVar

from harness.toxiproxy.embedded.channel import Chunk
from harness.toxiproxy.embedded.stub import Stub
from harness.toxiproxy.embedded.toxics.base import Behaviour

SLICE_MS = 100


@dataclass(slots=True, kw_only=True)
class Bandwidth(Behaviour):
    """A chunk that takes longer than a tenth of a second is handed on in tenths."""

    go_name: ClassVar[str] = "BandwidthToxic"

    rate: int = 0

    async def pipe(self, stub: Stub) -> None:
        debt_s = 0.0
        while (chunk := await stub.receive()) is not None:
            debt_s = debt_s + len(chunk.data) / self.rate / 1000 if self.rate > 0 else 0.0
            debt_s = await self._in_tenths(stub, chunk, debt_s)
            started_s = stub.now_s()
            await stub.hold(chunk, debt_s)
            debt_s -= stub.now_s() - started_s
            await stub.send(chunk)

    async def _in_tenths(self, stub: Stub, chunk: Chunk, debt_s: float) -> float:
        while len(chunk.data) > (size := self.rate * SLICE_MS):
            await stub.hold(chunk, SLICE_MS / 1000)
            if size:
                await stub.send(Chunk(chunk.data[:size], chunk.read_at_s))
                chunk.data = chunk.data[size:]
            debt_s -= SLICE_MS / 1000
        return debt_s
