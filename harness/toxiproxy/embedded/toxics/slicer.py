"""slicer: chunks are cut into small ones, with a pause behind each."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from harness.toxiproxy.embedded.channel import Chunk
from harness.toxiproxy.embedded.stub import Stub
from harness.toxiproxy.embedded.toxics.base import Behaviour


@dataclass(slots=True, kw_only=True)
class Slicer(Behaviour):
    """The delay is in microseconds."""

    go_name: ClassVar[str] = "SlicerToxic"
    go_number: ClassVar[str] = "int"

    average_size: int = 0
    size_variation: int = 0
    delay: int = 0

    async def pipe(self, stub: Stub) -> None:
        while (chunk := await stub.receive()) is not None:
            data = memoryview(chunk.data)
            for start, end in self._slices(0, len(data), stub.rng):
                await stub.send(Chunk(data[start:end], chunk.read_at_s))
                await stub.hold(Chunk(data[end:], chunk.read_at_s), self.delay / 1_000_000)

    def _slices(self, start: int, end: int, rng: random.Random) -> Iterator[tuple[int, int]]:
        """Halve, a little off the middle, until the pieces are small enough."""
        if end - start - self.average_size <= self.size_variation:
            yield start, end
            return
        middle = start + (end - start) // 2
        if self.size_variation > 0:
            middle += rng.randrange(self.size_variation * 2) - self.size_variation
        yield from self._slices(start, middle, rng)
        yield from self._slices(middle, end, rng)
