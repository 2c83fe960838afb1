"""The log in one SQLite file: for executors on one machine, with nothing to install.

In WAL mode, where readers and the writer do not wait for each other and a commit is one write. A
commit survives the death of the process with any `synchronous`. With FULL, the default, it survives
a loss of power too; with NORMAL the last events may then be missing, and a step that was sent would
not be known to have begun; with OFF the file may be destroyed.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

from scenarios.orchestrator.sql_log import SCHEMA, Execute, Rows, SqlLog

T = TypeVar("T")
Synchronous = Literal["FULL", "NORMAL", "OFF"]

_VERSION = 1


def _wall_clock_s() -> float:
    return time.time()


class SqliteLog(SqlLog):
    """A context manager that closes the file. All executors, restarted ones too, must share a `clock`."""

    now = ":now_s"

    def __init__(
        self,
        path: Path,
        *,
        synchronous: Synchronous = "FULL",
        busy_s: float = 5.0,
        clock: Callable[[], float] = _wall_clock_s,
    ) -> None:
        self._clock = clock
        # Transactions are begun and ended here, and nowhere else.
        self._connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
        self._set_up(synchronous)

    def query(self, statement: str, values: Mapping[str, object]) -> Rows:
        """As the base says."""
        return self._execute(statement, values)

    def transact(self, work: Callable[[Execute], T]) -> T:
        """A commit in this process is never in doubt: there is no second try."""
        with self._transaction():
            return work(self._execute)

    def close(self) -> None:
        """Idempotent."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _set_up(self, synchronous: Synchronous) -> None:
        self._connection.execute(f"PRAGMA synchronous = {synchronous}")
        if self._version() == _VERSION:
            return
        self._connection.execute("PRAGMA journal_mode = WAL")
        with self._transaction():
            for statement in SCHEMA:
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _version(self) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        # IMMEDIATE: one that begins as a reader cannot wait for its turn to write.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk may have rolled it back already
                self._connection.execute("ROLLBACK")
            raise

    def _execute(self, statement: str, values: Mapping[str, object]) -> Rows:
        return self._connection.execute(statement, {**values, "now_s": self._clock()}).fetchall()
