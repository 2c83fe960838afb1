"""One Redis connection of a client, handed on to the server command by command, one after the other.

What touches the streams of the bus is followed (`followed`), or refused where it would take entries past the
harness; all else goes through untouched. Refuses to know what is done with an event.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from harness.participant import Request
from harness.redis.address import RedisAddress
from harness.redis.commands import BadCommand
from harness.redis.resp import (
    UNFINISHED,
    Word,
    command,
    error,
    error_in,
    new_reader,
)
from harness.worlds.wire.brokers import link as links
from harness.worlds.wire.http import Caller, Closable
from harness.worlds.wire.redis.arrival import RedisArrival
from harness.worlds.wire.redis.bus import RedisBus
from harness.worlds.wire.redis.followed import Follow, Followed
from harness.worlds.wire.redis.server_side import Raw, ServerSide

_PIPED = (b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"MONITOR")
"""After these the server speaks when it likes."""

_NOT_FOLLOWED = {
    b"XREAD": "XREAD is not followed: read by a consumer group",
    b"EVAL": "scripts on the streams of the bus are not followed",
    b"EVALSHA": "scripts on the streams of the bus are not followed",
    b"FCALL": "functions on the streams of the bus are not followed",
}
_OF_STREAMS = (b"XADD", b"XREADGROUP", b"XACK", b"XCLAIM", b"XAUTOCLAIM")
_IN_TRANSACTION = "the bus is not followed into MULTI"


class Station(links.Station, Protocol):
    """The server of the bus."""

    name: str

    @property
    def bus_of_run(self) -> RedisBus | None: ...

    def request(self, caller: Caller, request: Request, tag: str | None, /) -> None:
        """A publish."""


class RedisLink(links.ClientLink):
    """The side of the client."""

    def __init__(self, station: Station, broker: RedisAddress, links: set[Closable], *, shared: bool) -> None:
        super().__init__(station, links, shared=shared)
        self.given: dict[RedisArrival, None] = {}
        self._station = station
        self._address = broker
        self._values = new_reader()
        self._commands: deque[list[bytes]] = deque()
        self._news = asyncio.Event()
        self._server: ServerSide | None = None
        self._owed = False
        self._piped = False
        self._transaction = False
        self._broken = False
        self.version = 2
        self._worker: asyncio.Task[None] | None = None
        self._followed: Followed | None = None

    # The client's side ------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        import hiredis  # noqa: PLC0415 - an extra

        if self._piped and self._server is not None:
            self._server.write(data)
            return
        try:
            self._values.feed(data)
            while (value := self._values.gets()) is not UNFINISHED:
                self._commands.append(list(cast("list[bytes]", value) or ()))
        except (hiredis.ProtocolError, TypeError):
            self.close()
        self._news.set()

    def _begin(self) -> None:
        self._worker = self._spawn(self._serve())

    def _ended(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        given, self.given = self.given, {}
        for one in given:
            one.lost()
        if self._followed is not None:
            self._followed.ended()

    def server_is_gone(self) -> None:
        """It died, or closed the connection: so do we, unless an answer is owed: its toxic does."""
        self._broker = None
        if not self._owed:
            self.close()

    def from_server(self, data: bytes) -> None:
        """What it says on its own."""
        self.hand_on(data)

    # One command after the other --------------------------------------------------------------

    async def _serve(self) -> None:
        await self._station.until_up()
        try:
            _, protocol = await self._loop.create_connection(
                lambda: ServerSide(self), self._address.host, self._address.port
            )
        except OSError:
            self.close()
            return
        self._server = protocol
        self._broker = protocol.transport
        while not (self._piped or self.gone):
            while not self._commands:
                self._news.clear()
                await self._news.wait()
            try:
                said = await self._said_to(self._commands.popleft())
            except ConnectionError:
                return  # the server is gone
            if said is not None:
                self.hand_on(said)

    async def _said_to(self, words: list[bytes]) -> bytes | None:
        """The answer to a command; None where it was given already."""
        name = words[0].upper() if words else b""
        bus = self._station.bus_of_run
        try:
            if self._transaction:
                return await self._within_transaction(bus, name, words)
            if bus is not None and name in self._followed_in(bus):
                return await self._followed_in(bus)[name](words)
            self._check(bus, name, words)
        except BadCommand as bad:
            return error(str(bad))
        if name in _PIPED:
            assert self._server is not None
            self._piped = True
            self._server.pipe(command(words))
            return None
        raw, value = await self.ask(words)
        if name == b"MULTI":
            self._transaction = True
        elif name == b"HELLO" and error_in(value) is None and words[1:2] == [b"3"]:
            self.version = 3
        return raw

    def _followed_in(self, bus: RedisBus) -> Mapping[bytes, Follow]:
        if self._followed is None:
            self._followed = Followed(self, bus)
        return self._followed.commands

    async def _within_transaction(self, bus: RedisBus | None, name: bytes, words: list[bytes]) -> bytes:
        if bus is not None and name in _OF_STREAMS and any(_follows(bus, one) for one in words[1:]):
            self._broken = True
            raise BadCommand(f"ERR saga-chaos: {_IN_TRANSACTION}")
        if name == b"EXEC" and self._broken:
            await self.ask(["DISCARD"])
            self._transaction = self._broken = False
            return error("EXECABORT Transaction discarded because of previous errors.")
        if name in (b"EXEC", b"DISCARD"):
            self._transaction = self._broken = False
        raw, _ = await self.ask(words)
        return raw

    def _check(self, bus: RedisBus | None, name: bytes, words: Sequence[bytes]) -> None:
        """Raises BadCommand for what would take entries past the harness."""
        if bus is not None and name in _NOT_FOLLOWED and any(_follows(bus, one) for one in words[1:]):
            raise BadCommand(f"ERR saga-chaos: {_NOT_FOLLOWED[name]}")
        if name == b"CLIENT" and len(words) > 1 and words[1].upper() == b"REPLY":
            raise BadCommand("ERR saga-chaos does not follow CLIENT REPLY")

    async def ask(self, words: Sequence[Word]) -> Raw:
        """What the server answers: its bytes, and their value. Raises ConnectionError."""
        assert self._server is not None
        return await self._server.ask(command(words))

    # Publishing -------------------------------------------------------------------------------

    def publish(self, reply: Caller, request: Request, tag: str | None) -> None:
        """An event was added."""
        self._owed = True
        self._station.request(reply, request, tag)

    def paid(self) -> None:
        """A publish was answered."""
        self._owed = False


def _follows(bus: RedisBus, word: bytes) -> bool:
    return bus.follows(word.decode(errors="replace"))
