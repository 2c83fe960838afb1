"""The folder in which a durable saga keeps what must survive a crash."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path


class Store:
    """One folder, made when it is first asked for; executors that live at the same time share it."""

    __slots__ = ("_make", "_path")

    def __init__(self, make: Callable[[], Path]) -> None:
        self._make = make
        self._path: Path | None = None

    def folder(self) -> Path:
        """Where it is."""
        if self._path is None:
            self._path = self._make()
        return self._path

    def copy(self) -> Store:
        """What lies in it now, out of reach of whoever had it: of locks and open files, too."""
        other = Store(self._make)
        if self._path is not None:
            shutil.copytree(self._path, other.folder(), symlinks=True, dirs_exist_ok=True)
        return other
