"""The folder in which a durable saga keeps what must survive a crash."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from io import FileIO
from operator import attrgetter
from pathlib import Path

Content = tuple[tuple[str, bytes], ...]
"""Names and what is behind them, in the order of the names."""

_INDEX = "-shm"

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there, as `tempfile` makes it
_ROOM = 256_000_000
"""Bytes. Containers give 64 MB to it by default, which a saga may fill."""


def in_memory() -> Path | None:
    """A folder that lies in memory, where the system has one with room; None: where `tempfile` puts things.

    A crash is simulated, so what lies in memory survives it as well, and writing it to a disk, as SQLite does
    at each commit, took nine tenths of the time of a run. Where somebody has chosen a folder it is taken.
    """
    chosen = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    if chosen or not (_MEMORY.is_dir() and os.access(_MEMORY, os.W_OK | os.X_OK)):
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ROOM else None


class Store:
    """One folder, made when it is first asked for; executors that live at the same time share it.

    content: what was in it when it was last looked at. Bytes are kept rather than a run summary of them:
    comparing is much faster than hashing, and it is done after every write.
    """

    __slots__ = ("_make", "_path", "content")

    def __init__(self, make: Callable[[], Path]) -> None:
        self._make = make
        self._path: Path | None = None
        self.content: Content = ()

    def folder(self) -> Path:
        """Where it is."""
        if self._path is None:
            self._path = self._make()
        return self._path

    def holds(self, path: str) -> bool:
        """Whether a path lies below the folder."""
        return self._path is not None and path.startswith(f"{self._path}{os.sep}")

    def copy(self) -> Store:
        """What lies in it now, out of reach of whoever had it: of locks and open files, too."""
        other = Store(self._make)
        if self._path is not None:
            shutil.copytree(self._path, other.folder(), symlinks=True, dirs_exist_ok=True)
        other.content = self.content
        return other

    def look(self) -> bool:
        """Look at what is in it now; whether that differs from what was there at the last look."""
        seen = () if self._path is None else content_of(self._path)
        changed, self.content = seen != self.content, seen
        return changed


def content_of(folder: Path) -> Content:
    """All that a crash would leave in a folder.

    The shared memory that SQLite keeps beside a file is left out: it is made anew from the journal.
    """
    return tuple(_entries(str(folder), ""))


def _entries(folder: str, below: str) -> Iterator[tuple[str, bytes]]:
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=attrgetter("name"))
    names = {entry.name for entry in entries}
    for entry in entries:
        name = below + entry.name
        if entry.is_symlink():
            yield f"{name}>", os.fsencode(os.readlink(entry.path))  # noqa: PTH115 - a Path for each costs more
        elif entry.is_dir():
            yield f"{name}/", b""
            yield from _entries(entry.path, f"{name}/")
        elif not (name.endswith(_INDEX) and entry.name.removesuffix(_INDEX) in names):
            with FileIO(entry.path) as file:  # `open` is replaced while a run is on, and asks what it is for
                yield name, file.readall()
