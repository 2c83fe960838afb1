"""RESP, the protocol of Redis: what is read, by hiredis, and what a server says, in both versions.

Owns the bytes. Refuses to know what is done with a command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from harness.errors import UsageError

if TYPE_CHECKING:
    import hiredis

INSTALL = "pip install 'saga-chaos[redis]'"
GREETING = b"*"
"""A client's first byte: every command is an array."""

UNFINISHED: Final = object()
"""What a reader has while a value is not whole."""

Word = bytes | str | int


def new_reader() -> hiredis.Reader:
    """Values come as bytes, numbers, lists and dictionaries; an error, as `hiredis.ReplyError`."""
    import hiredis  # noqa: PLC0415 - an extra

    return hiredis.Reader(notEnoughData=UNFINISHED)


def error_in(value: object) -> str | None:
    """What the server says is wrong; None for any other value."""
    import hiredis  # noqa: PLC0415 - an extra

    return str(value) if isinstance(value, hiredis.ReplyError) else None


def command(words: Sequence[Word]) -> bytes:
    """As a client sends it."""
    import hiredis  # noqa: PLC0415 - an extra

    return bytes(hiredis.pack_command(tuple(words)))


# What a server says -----------------------------------------------------------------------------


def error(said: str) -> bytes:
    """A line that says what is wrong."""
    return b"-" + said.replace("\r", " ").replace("\n", " ").encode() + b"\r\n"


def encoded(value: Any) -> bytes:
    """Of numbers, bytes, lists, and None, which is the same in no version: see `nothing`."""
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, bytes):
        return b"$%d\r\n%b\r\n" % (len(value), value)
    return b"*%d\r\n" % len(value) + b"".join(encoded(one) for one in value)


def nothing(*, version: int) -> bytes:
    """No array."""
    return b"_\r\n" if version > 2 else b"*-1\r\n"


def by_key(values: Mapping[bytes, Any], *, version: int) -> bytes:
    """A dictionary; before RESP3, pairs."""
    if version > 2:
        pairs = b"".join(encoded(key) + encoded(value) for key, value in values.items())
        return b"%%%d\r\n" % len(values) + pairs
    return encoded([[key, value] for key, value in values.items()])


@cache
def require_hiredis(where: str) -> None:
    """Raises UsageError with how to install it, where it is missing."""
    try:
        import hiredis  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError:
        raise UsageError(f"{where}: found no package hiredis, expected the extra redis: {INSTALL}") from None
