"""latency: every chunk arrives late by so much, give or take the jitter."""

import random
from dataclasses import dataclass
from typing import ClassVar

from harness.toxiproxy.embedded.stub import Stub
from harness.toxiproxy.embedded.toxics.base import Behaviour


@dataclass(slots=True, kw_only=True)
class Latency(Behaviour):
    """Counts from when a chunk was read, so chunks that came together leave together."""

    go_name: ClassVar[str] = "LatencyToxic"
    buffered_chunks: ClassVar[int] = 1024

    latency: int = 0
    jitter: int = 0

    async def pipe(self, stub: Stub) -> None:
        while (chunk := await stub.receive()) is not None:
            pause_s = chunk.read_at_s + self._delay_s(stub.rng) - stub.now_s()
            await stub.hold(chunk, pause_s)
            chunk.read_at_s += pause_s
            await stub.send(chunk)

    def _delay_s(self, rng: random.Random) -> float:
        delay_ms = self.latency
        if self.jitter > 0:
            delay_ms += rng.randrange(self.jitter * 2) - self.jitter
        return delay_ms / 1000
