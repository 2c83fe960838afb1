"""What every toxic is: whole-number attributes, and a way to treat a stream.

Owns the defaults that the toxics differ from. The attributes of a toxic are its dataclass fields, by the
names of the API; they change under a live connection, so the classes are not frozen.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import ClassVar, Self

from harness.toxiproxy.embedded.stub import Stub


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """Passes everything on; each toxic says what it does otherwise."""

    go_name: ClassVar[str] = "NoopToxic"
    go_number: ClassVar[str] = "int64"
    buffered_chunks: ClassVar[int] = 0
    resets: ClassVar[bool] = False
    closes_when_removed: ClassVar[bool] = False

    async def pipe(self, stub: Stub) -> None:
        """Treat the stream until it ends; returning ends it for everything behind."""
        while (chunk := await stub.receive()) is not None:
            await stub.send(chunk)

    @classmethod
    def attribute_names(cls) -> tuple[str, ...]:
        """The attributes, in the order in which the API shows them."""
        return tuple(field.name for field in fields(cls))

    def attributes(self) -> Mapping[str, int]:
        """The attributes as they are now."""
        return asdict(self)

    def changed(self, attributes: Mapping[str, int]) -> Self:
        """A copy with these attributes instead."""
        return type(self)(**{**self.attributes(), **attributes})

    def become(self, other: "Behaviour") -> None:
        """Take over another's attributes, under the connections that use this one."""
        for name, value in other.attributes().items():
            setattr(self, name, value)


@dataclass(slots=True, kw_only=True)
class Noop(Behaviour):
    """Does nothing; it also stands, unseen, at the head of every chain to hold the stream for a change."""
