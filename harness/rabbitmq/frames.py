"""Frames of AMQP 0-9-1: cut from a stream of bytes, and contents put together from them.

Owns the bytes. Refuses to know what is done with a method.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError

if TYPE_CHECKING:
    from pamqp.base import Frame as Method
    from pamqp.commands import Basic

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
GREETING = b"AMQP\x00\x00\x09\x01"
PULSE = b"\x08\x00\x00\x00\x00\x00\x00\xce"
"""A heartbeat: a frame that says nothing."""

FRAME_MAX = 131_072
_HEAD = 7
_END = 1
INSTALL = "pip install 'saga-chaos[rabbitmq]'"


class NotAmqp(ValueError):  # noqa: N818 - says what the bytes are
    """These bytes are no frame."""


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One frame as it came. raw: all of its bytes."""

    type: int
    channel: int
    raw: bytes

    @property
    def ids(self) -> tuple[int, int]:
        """The class and the method of a method frame."""
        payload = self.raw[_HEAD : _HEAD + 4]
        return int.from_bytes(payload[:2], "big"), int.from_bytes(payload[2:], "big")

    @property
    def body_size(self) -> int:
        """Of a content header: how long the body is that follows."""
        return int.from_bytes(self.raw[_HEAD + 4 : _HEAD + 12], "big")

    @property
    def payload(self) -> bytes:
        """Without head and end."""
        return self.raw[_HEAD:-_END]


class FrameReader:
    """Cuts a stream into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[RawFrame]:
        """The frames that are whole by now. Raises NotAmqp."""
        rest = self._rest
        rest += data
        found = []
        while len(rest) >= _HEAD:
            size = int.from_bytes(rest[3:7], "big")
            if rest[0] not in (METHOD, HEADER, BODY, HEARTBEAT) or size > 16 * FRAME_MAX:
                raise NotAmqp(f"no AMQP 0-9-1 frame: {bytes(rest[:16])!r}")
            whole = _HEAD + size + _END
            if len(rest) < whole:
                break
            found.append(RawFrame(rest[0], int.from_bytes(rest[1:3], "big"), bytes(rest[:whole])))
            del rest[:whole]
        return found


@dataclass(slots=True)
class Content:
    """A method that carries a message, with the message's header and body as far as they have come."""

    method: RawFrame
    header: RawFrame | None = None
    bodies: list[RawFrame] = field(default_factory=list)

    def add(self, frame: RawFrame) -> bool:
        """Whether the message is whole now."""
        if frame.type == HEADER:
            self.header = frame
        else:
            self.bodies.append(frame)
        assert self.header is not None
        return sum(len(one.payload) for one in self.bodies) >= self.header.body_size

    @property
    def body(self) -> bytes:
        """The message's."""
        return b"".join(one.payload for one in self.bodies)

    @property
    def properties(self) -> Basic.Properties:
        """The message's."""
        from pamqp import frame  # noqa: PLC0415 - an extra
        from pamqp.header import ContentHeader  # noqa: PLC0415

        assert self.header is not None
        _, _, read = frame.unmarshal(self.header.raw)
        assert isinstance(read, ContentHeader)
        return read.properties


def method_of(frame: RawFrame) -> Any:
    """A method frame as `pamqp` knows it."""
    from pamqp import frame as frames  # noqa: PLC0415 - an extra

    return frames.unmarshal(frame.raw)[2]


def method_bytes(method: Method, channel: int) -> bytes:
    """The frame of a method."""
    from pamqp import frame  # noqa: PLC0415 - an extra

    return bytes(frame.marshal(method, channel))


def content_bytes(method: Method, channel: int, properties: Basic.Properties, body: bytes) -> bytes:
    """The frames of a method that carries a message."""
    from pamqp import frame  # noqa: PLC0415 - an extra
    from pamqp.body import ContentBody  # noqa: PLC0415
    from pamqp.header import ContentHeader  # noqa: PLC0415

    frames = [method_bytes(method, channel)]
    header = ContentHeader(body_size=len(body), properties=properties)
    frames.append(frame.marshal(header, channel))
    most = FRAME_MAX - _HEAD - _END
    frames += [frame.marshal(ContentBody(body[at : at + most]), channel) for at in range(0, len(body), most)]
    return b"".join(frames)


@cache
def require_pamqp(where: str) -> None:
    """Raises UsageError with how to install it, where it is missing."""
    try:
        import pamqp  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError:
        raise UsageError(f"{where}: found no package pamqp, expected the extra rabbitmq: {INSTALL}") from None
