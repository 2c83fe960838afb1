"""The log in PostgreSQL: for executors on several machines. Needs the extra `postgres`.

A commit whose acknowledgement was lost is in doubt: the transaction is run again on a new
connection, which is why each can be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from scenarios.orchestrator.sql_log import SCHEMA, Execute, Rows, SqlLog

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

_TRIES = 3
_SET_UP_LOCK = 0x5A6A  # any number that no other program takes: CREATE TABLE IF NOT EXISTS can race itself


class PostgresLog(SqlLog):
    """A context manager that closes the connection. `url` begins with `postgresql://`."""

    now = "extract(epoch FROM clock_timestamp())::double precision"

    def __init__(self, url: str, *, connect_timeout_s: int = 5) -> None:
        self._url = url
        self._connect_timeout_s = connect_timeout_s
        self._connection: psycopg.Connection | None = None
        self.transact(_set_up)

    def query(self, statement: str, values: Mapping[str, object]) -> Rows:
        """As the base says."""
        return self.transact(lambda execute: execute(statement, values))

    def transact(self, work: Callable[[Execute], T]) -> T:
        """Once more on a new connection where this one broke."""
        from psycopg import OperationalError  # noqa: PLC0415 - an extra, imported late

        for _ in range(_TRIES - 1):
            try:
                return self._transact(work)
            except OperationalError:
                self.close()
        return self._transact(work)

    def close(self) -> None:
        """Idempotent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _transact(self, work: Callable[[Execute], T]) -> T:
        connection = self._connected()

        def execute(statement: str, values: Mapping[str, object]) -> Rows:
            cursor = connection.execute(_translated(statement), values)
            return cursor.fetchall() if cursor.description is not None else ()

        with connection.transaction():
            return work(execute)

    def _connected(self) -> psycopg.Connection:
        import psycopg  # noqa: PLC0415 - an extra, imported late

        if self._connection is None:
            self._connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=self._connect_timeout_s
            )
        return self._connection


def _set_up(execute: Execute) -> None:
    execute(f"SELECT pg_advisory_xact_lock({_SET_UP_LOCK})", {})
    for statement in SCHEMA:
        execute(statement, {})


@cache
def _translated(statement: str) -> bytes:
    """`:name` to `%(name)s`; `::type` is left alone."""
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement).encode()
