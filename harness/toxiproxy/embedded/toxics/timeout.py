"""timeout: nothing gets through, and after a silence of so long the connection is closed."""

from dataclasses import dataclass
from typing import ClassVar

from harness.toxiproxy.embedded.stub import Stub
from harness.toxiproxy.embedded.toxics.base import Behaviour


@dataclass(slots=True, kw_only=True)
class Timeout(Behaviour):
    """Each chunk is dropped and starts the time anew; 0 never closes. Taking the toxic away closes."""

    go_name: ClassVar[str] = "TimeoutToxic"
    closes_when_removed: ClassVar[bool] = True

    timeout: int = 0

    async def pipe(self, stub: Stub) -> None:
        within_s = self.timeout / 1000 if self.timeout > 0 else None
        try:
            while await stub.receive(within_s) is not None:
                continue
        except TimeoutError:
            return
