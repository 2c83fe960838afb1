"""Commands of streams, read as Redis reads them. Raises BadCommand for what the harness does not follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from harness.redis.resp import Word

_TRIMS = (b"MAXLEN", b"MINID")


class BadCommand(ValueError):  # noqa: N818 - says what the command is
    """No command of Redis, or one that is not followed; the message is what its sender is told."""


@dataclass(frozen=True, slots=True)
class Add:
    """XADD. entry: the id that it asks for. words: fields and values in turn."""

    stream: str
    entry: bytes
    words: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ReadGroup:
    """XREADGROUP. block_ms: None where it does not wait, 0 where for ever. ids: one for each stream."""

    group: str
    consumer: str
    streams: tuple[str, ...]
    ids: tuple[bytes, ...]
    count: int | None = None
    block_ms: int | None = None
    no_ack: bool = False

    @property
    def new(self) -> bool:
        """Whether it asks for entries that nobody was given before."""
        return all(one == b">" for one in self.ids)

    def words(self, block_ms: int | None) -> list[Word]:
        """The same, waiting for so long."""
        words: list[Word] = ["XREADGROUP", "GROUP", self.group, self.consumer]
        if self.count is not None:
            words += ["COUNT", self.count]
        if block_ms is not None:
            words += ["BLOCK", block_ms]
        if self.no_ack:
            words.append("NOACK")
        return [*words, "STREAMS", *self.streams, *self.ids]


@dataclass(frozen=True, slots=True)
class Claim:
    """XCLAIM or XAUTOCLAIM. ids: none where all that are idle for so long are meant.

    One that says IDLE gives them back: whoever had them does not want them.
    """

    stream: str
    group: str
    consumer: str
    idle_ms: int
    ids: tuple[bytes, ...] = ()
    options: tuple[bytes, ...] = ()
    count: int | None = None

    @property
    def just_id(self) -> bool:
        """Whether it wants no fields."""
        return b"JUSTID" in (one.upper() for one in self.options)

    @property
    def gives_back(self) -> bool:
        """Whether it says how long they were idle."""
        return b"IDLE" in (one.upper() for one in self.options)


def read_add(words: Sequence[bytes]) -> Add:
    """An XADD."""
    rest = iter(words[2:])
    for word in rest:
        upper = word.upper()
        if upper in _TRIMS:
            if _next(rest) in (b"=", b"~"):
                _next(rest)
        elif upper == b"LIMIT":
            _next(rest)
        elif upper != b"NOMKSTREAM":
            fields = tuple(rest)
            if not fields or len(fields) % 2:
                break
            return Add(_text(words[1]), word, fields)
    raise BadCommand("ERR wrong number of arguments for 'xadd' command")


def read_group(words: Sequence[bytes]) -> ReadGroup:
    """An XREADGROUP."""
    if len(words) < 7 or words[1].upper() != b"GROUP":
        raise BadCommand("ERR Missing GROUP option for XREADGROUP")
    count, block_ms, no_ack = None, None, False
    rest = iter(words[4:])
    for word in rest:
        match word.upper():
            case b"COUNT":
                count = _number(_next(rest))
            case b"BLOCK":
                block_ms = _number(_next(rest))
            case b"NOACK":
                no_ack = True
            case b"STREAMS":
                named = tuple(rest)
                half = len(named) // 2
                if not named or len(named) % 2:
                    raise BadCommand("ERR Unbalanced XREADGROUP list of streams")
                streams = tuple(_text(one) for one in named[:half])
                group, consumer = _text(words[2]), _text(words[3])
                return ReadGroup(group, consumer, streams, named[half:], count, block_ms, no_ack)
            case _:
                break
    raise BadCommand("ERR syntax error")


def read_claim(words: Sequence[bytes]) -> Claim:
    """An XCLAIM."""
    if len(words) < 6:
        raise BadCommand("ERR wrong number of arguments for 'xclaim' command")
    ids = tuple(takewhile(lambda one: one[:1].isdigit(), words[5:]))
    return Claim(*_of_claim(words), ids, tuple(words[5 + len(ids) :]))


def read_autoclaim(words: Sequence[bytes]) -> Claim:
    """An XAUTOCLAIM."""
    if len(words) < 6:
        raise BadCommand("ERR wrong number of arguments for 'xautoclaim' command")
    rest = iter(words[6:])
    count = None
    for word in rest:
        if word.upper() != b"COUNT":
            raise BadCommand("ERR saga-chaos does not follow XAUTOCLAIM with JUSTID")
        count = _number(_next(rest))
    return Claim(*_of_claim(words), count=count)


def _of_claim(words: Sequence[bytes]) -> tuple[str, str, str, int]:
    return _text(words[1]), _text(words[2]), _text(words[3]), _number(words[4])


def _next(words: Iterator[bytes]) -> bytes:
    word = next(words, None)
    if word is None:
        raise BadCommand("ERR syntax error")
    return word


def _number(word: bytes) -> int:
    if not word.isdigit():
        raise BadCommand("ERR value is not an integer or out of range")
    return int(word)


def _text(word: bytes) -> str:
    return word.decode(errors="surrogateescape")
