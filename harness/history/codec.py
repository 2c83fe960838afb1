"""NDJSON: a line that carries the format's version, one event a line, then what each call held."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harness.errors import ReportError, misplaced
from harness.history.contents import Contents, Printed
from harness.history.events import AnyEvent
from harness.history.history import History

FORMAT_VERSION = 1

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent | Contents | Printed] = msgspec.json.Decoder(
    AnyEvent | Contents | Printed
)


def encode_events(history: History) -> bytes:
    """What happened, without what requests and answers held; equal histories give equal bytes."""
    return _encoder.encode_lines(({"format_version": FORMAT_VERSION}, *history.events))


def encode_history(history: History) -> bytes:
    """The bytes of the file: the events, then what requests and answers held, and what the saga printed."""
    return encode_events(history) + encode_contents(history)


def encode_contents(history: History) -> bytes:
    """The lines that come after those of the events."""
    printed = (Printed(text=history.printed),) if history.printed else ()
    return _encoder.encode_lines((*history.contents.values(), *printed))


def write_history(history: History, path: Path) -> None:
    """Write the history to a file."""
    path.write_bytes(encode_history(history))


def read_history(path: Path) -> History:
    """Read it back. Raises ReportError with the file and line of what cannot be read."""
    return decode_history(path.read_bytes(), str(path))


def decode_history(content: bytes, where: str) -> History:
    """The inverse of `encode_history`; `where` names the content in messages."""
    lines = content.splitlines()
    head = _head(lines[0]) if lines else None
    if not isinstance(head, dict) or head.get("format_version") != FORMAT_VERSION:
        raise ReportError(misplaced(f"{where}, line 1", head, f"format_version {FORMAT_VERSION}"))
    read = [_event(line, where, number) for number, line in enumerate(lines[1:], start=2)]
    told = tuple(one for one in read if isinstance(one, Contents))
    events = tuple(one for one in read if not isinstance(one, Contents | Printed))
    printed = "".join(one.text for one in read if isinstance(one, Printed))
    return History(events, told=told, printed=printed)


def _head(line: bytes) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return line[:80]


def _event(line: bytes, where: str, number: int) -> AnyEvent | Contents | Printed:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReportError(misplaced(f"{where}, line {number}", line[:80], f"an event ({error})")) from error
