"""Owns seeing what the code of a run does to files: each change, once the operating system has it.

What dies by a SIGKILL leaves behind what it has written, and loses what lies in Python's buffers. So
files that are opened for writing get a raw layer that tells of each write, whoever flushed it and when;
the functions of `os` that change files, and SQLite's connections, tell once they have returned. It
works like the clocks: replaced once per process, and out of the way unless the run that is active has
a `disk`. What an extension module writes by itself, or through a memory map, is not seen.
"""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from harness.clock.active import Disk, current
from harness.clock.replacements import Replacements
from harness.clock.sqlite_writes import install as install_sqlite

_open = io.open
_os_open = os.open
_CHANGES = (
    *("rename", "replace", "remove", "unlink", "mkdir", "rmdir", "truncate", "ftruncate", "link", "symlink"),
    *("write", "writev", "pwrite", "pwritev", "sendfile", "copy_file_range"),
)
_MAKES = os.O_CREAT | os.O_TRUNC
_STANDARD_FILES = 2


def install(replacements: Replacements) -> None:
    """Replace them; where no run asks for changes, they do as ever."""
    opener = Opener()
    for module in (builtins, io):
        replacements.replace(module, "open", opener.open)
    replacements.replace(os, "open", opener.os_open)
    for name in _CHANGES:
        if hasattr(os, name):
            replacements.replace(os, name, _Teller(getattr(os, name)).call)
    install_sqlite(replacements)


class Opener:
    """The replacements of what opens files; bound methods, for the reason that `clocks` gives."""

    def open(self, *args: Any, **named: Any) -> Any:
        """`open`, which leaves to Python what it does not read itself, and what it would refuse."""
        disk = _disk()
        asked = None if disk is None else _asked(args, named)
        if disk is None or asked is None or not _holds(disk, asked.file):
            return _open(*args, **named)
        raw = _RawFile(asked.file, asked.mode.replace("b", "").replace("t", ""), asked.closefd, asked.opener)
        try:
            disk.changed()  # it may have been made, or made empty
            return _layers(raw, asked)
        except BaseException:  # of one that dies here, too, nothing is left open
            raw.close()
            raise

    def os_open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        """`os.open`, which may make a file, or make it empty."""
        descriptor = _os_open(path, flags, mode, dir_fd=dir_fd)
        disk = _disk() if flags & _MAKES else None
        try:
            if disk is not None:
                disk.changed()
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


class _RawFile(io.FileIO):
    """A file that tells when it has written: Python's buffers, too, write through it."""

    def write(self, data: Any, /) -> int:
        written = super().write(data)
        _tell()
        return written

    def truncate(self, size: int | None = None, /) -> int:
        length = super().truncate(size)
        _tell()
        return length


class _Teller:
    """One function of `os`."""

    def __init__(self, original: Callable[..., Any]) -> None:
        self._original = original

    def call(self, *args: Any, **named: Any) -> Any:
        came = self._original(*args, **named)
        disk = _disk()
        if disk is not None and not (args and type(args[0]) is int and args[0] <= _STANDARD_FILES):
            disk.changed()
        return came


def _disk() -> Disk | None:
    run = current()
    return None if run is None else run.disk


def _tell() -> None:
    disk = _disk()
    if disk is not None:
        disk.changed()


def _holds(disk: Disk, file: Any) -> bool:
    if isinstance(file, int):
        return file > _STANDARD_FILES
    try:
        return disk.holds(os.path.abspath(os.fsdecode(file)))  # noqa: PTH100 - links stay as they are
    except (TypeError, ValueError):
        return False  # `open` says what is wrong with it


class _Asked(NamedTuple):
    """The arguments of `open`."""

    file: Any
    mode: str = "r"
    buffering: int = -1
    encoding: str | None = None
    errors: str | None = None
    newline: str | None = None
    closefd: bool = True
    opener: Any = None

    @property
    def writes(self) -> bool:
        """Whether it opens a file for writing, and nothing is odd about how it is asked to."""
        mode = self.mode
        if not isinstance(mode, str) or not isinstance(self.buffering, int):
            return False
        letters, kinds = set(mode), set(mode) & set("rwxa")
        if len(letters) < len(mode) or letters - set("rwxa+bt") or len(kinds) != 1 or {"b", "t"} <= letters:
            return False
        if "b" in mode and (self.buffering == 1 or (self.encoding, self.errors, self.newline) != (None,) * 3):
            return False
        return ("+" in mode or kinds != {"r"}) and ("b" in mode or self.buffering != 0)


def _asked(args: tuple[Any, ...], named: dict[str, Any]) -> _Asked | None:
    """None for what does not write, and for what Python is to refuse."""
    try:
        asked = _Asked(*args, **named)
    except TypeError:
        return None
    return asked if asked.writes else None


def _layers(raw: _RawFile, asked: _Asked) -> Any:
    """What `open` puts around a raw file."""
    if asked.buffering == 0:
        return raw
    by_line = asked.buffering == 1 or (asked.buffering < 0 and raw.isatty())
    block = getattr(raw, "_blksize", 0)
    usual = block if block > 1 else io.DEFAULT_BUFFER_SIZE
    size = asked.buffering if asked.buffering > 1 else usual
    buffer = io.BufferedRandom(raw, size) if "+" in asked.mode else io.BufferedWriter(raw, size)
    if "b" in asked.mode:
        return buffer
    encoding = io.text_encoding(asked.encoding)
    wrapped: Any = io.TextIOWrapper(buffer, encoding, asked.errors, asked.newline, by_line)
    wrapped.mode = asked.mode
    return wrapped
