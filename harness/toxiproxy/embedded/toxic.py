"""A toxic as it is installed on a proxy: a behaviour with a name, a stream and a chance to hit."""

from dataclasses import dataclass, field

from harness.toxiproxy.embedded.stub import Stub
from harness.toxiproxy.embedded.toxics.base import Behaviour, Noop

PASS_THROUGH = Noop()


# Compared by identity: two toxics with equal settings are still two places in a chain.
@dataclass(slots=True, kw_only=True, eq=False)
class Toxic:
    """`stream` is kept as it was written; its case does not matter."""

    name: str = ""
    type: str = "noop"
    stream: str = "downstream"
    toxicity: float = 1.0
    behaviour: Behaviour = field(default_factory=Noop)

    @property
    def direction(self) -> str:
        """The stream, in lower case."""
        return self.stream.lower()

    async def pipe(self, stub: Stub) -> None:
        """Treat a stream that was hit."""
        await self.behaviour.pipe(stub)

    async def pass_through(self, stub: Stub) -> None:
        """Treat a stream that was spared."""
        await PASS_THROUGH.pipe(stub)
