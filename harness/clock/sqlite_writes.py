"""Owns seeing what a run commits to SQLite: connections made within a run tell once a commit is through.

Within a transaction nothing that would outlive the process has changed, so nothing is reported. A connection
and its cursors are made of subclasses of whatever class was asked for.
"""

from __future__ import annotations

import os
import sqlite3
from functools import lru_cache
from typing import Any

from harness.clock.active import Disk, current
from harness.clock.replacements import Replacements

_connect = sqlite3.connect
_FACTORY = 5
"""Its place among the arguments of `sqlite3.connect`."""

_READS = ("SELECT", "EXPLAI")


def install(replacements: Replacements) -> None:
    """Replace `sqlite3.connect`; where no run asks for changes, it does as ever."""
    connector = Connector()
    for module in (sqlite3, sqlite3.dbapi2):
        replacements.replace(module, "connect", connector.connect)


class Connector:
    """The replacement; a bound method, for the reason that `clocks` gives."""

    def connect(self, *args: Any, **named: Any) -> Any:
        run = current()
        disk = None if run is None else run.disk
        if disk is None or not _holds(disk, args[0] if args else named.get("database")):
            return _connect(*args, **named)
        if len(args) > _FACTORY:
            args = (*args[:_FACTORY], _telling(args[_FACTORY]), *args[_FACTORY + 1 :])
        else:
            named["factory"] = _telling(named.get("factory", sqlite3.Connection))
        connection = _connect(*args, **named)
        try:
            disk.changed()  # the file may be new
        except BaseException:  # of one that dies here, too, nothing is left open
            connection.close()
            raise
        return connection


def _holds(disk: Disk, database: Any) -> bool:
    try:
        name = os.fsdecode(database)
    except TypeError:
        return False  # `connect` says what is wrong with it
    if name.startswith("file:"):
        name = name.removeprefix("file:").partition("?")[0]
    return name not in ("", ":memory:") and disk.holds(os.path.abspath(name))  # noqa: PTH100 - as in `writes`


class _Tells:
    """What tells, mixed into a class of connections."""

    def tell_if_committed(self: Any) -> None:
        """Nothing is on record before it is committed."""
        run = current()
        if run is not None and run.disk is not None and not self.in_transaction:
            run.disk.changed()

    def commit(self: Any) -> None:
        super().commit()  # type: ignore[misc]
        self.tell_if_committed()

    def rollback(self: Any) -> None:
        super().rollback()  # type: ignore[misc]
        self.tell_if_committed()

    def __exit__(self: Any, *error: object) -> Any:
        came = super().__exit__(*error)  # type: ignore[misc]
        self.tell_if_committed()
        return came

    def backup(self: Any, target: Any, **named: Any) -> None:
        super().backup(target, **named)  # type: ignore[misc]
        self.tell_if_committed()

    def close(self: Any) -> None:
        super().close()  # type: ignore[misc]
        run = current()
        if run is not None and run.disk is not None:
            run.disk.changed()  # the last one that closes moves the journal into the file

    def execute(self: Any, *args: Any) -> Any:
        return self.cursor().execute(*args)

    def executemany(self: Any, *args: Any) -> Any:
        return self.cursor().executemany(*args)

    def executescript(self: Any, *args: Any) -> Any:
        return self.cursor().executescript(*args)

    def cursor(self: Any, factory: Any = sqlite3.Cursor) -> Any:
        return super().cursor(_telling_cursor(factory))  # type: ignore[misc]


class _TellsToo:
    """What tells, mixed into a class of cursors."""

    def execute(self: Any, sql: Any, *parameters: Any) -> Any:
        came = super().execute(sql, *parameters)  # type: ignore[misc]
        if not isinstance(sql, str) or sql.lstrip()[:6].upper() not in _READS:
            _tell(self.connection, over=self.description is None)
        return came

    def executemany(self: Any, sql: Any, parameters: Any) -> Any:
        came = super().executemany(sql, parameters)  # type: ignore[misc]
        _tell(self.connection)
        return came

    def executescript(self: Any, script: Any) -> Any:
        try:
            return super().executescript(script)  # type: ignore[misc]
        finally:  # what came before a statement that failed is committed
            _tell(self.connection)

    # A statement with RETURNING is committed once its last row was fetched.

    def fetchone(self: Any) -> Any:
        came = super().fetchone()  # type: ignore[misc]
        _tell_if_written(self)
        return came

    def fetchmany(self: Any, *args: Any, **named: Any) -> Any:
        came = super().fetchmany(*args, **named)  # type: ignore[misc]
        _tell_if_written(self)
        return came

    def fetchall(self: Any) -> Any:
        came = super().fetchall()  # type: ignore[misc]
        _tell_if_written(self)
        return came

    def __next__(self: Any) -> Any:
        try:
            return super().__next__()  # type: ignore[misc]
        finally:
            _tell_if_written(self)

    def close(self: Any) -> None:
        super().close()  # type: ignore[misc]
        _tell_if_written(self)


def _tell(connection: Any, *, over: bool = True) -> None:
    """`over`: no row is left to fetch."""
    if over:
        connection.told_changes = connection.total_changes
    connection.tell_if_committed()


def _tell_if_written(cursor: Any) -> None:
    connection = cursor.connection
    try:
        written = connection.total_changes
    except sqlite3.ProgrammingError:  # closed, and has told
        return
    if written != getattr(connection, "told_changes", 0):
        _tell(connection)


@lru_cache(maxsize=64)
def _telling(factory: Any) -> Any:
    """The same class of connections, one that tells; what is no class is left as it is."""
    return type(factory.__name__, (_Tells, factory), {}) if isinstance(factory, type) else factory


@lru_cache(maxsize=64)
def _telling_cursor(factory: Any) -> Any:
    return type(factory.__name__, (_TellsToo, factory), {}) if isinstance(factory, type) else factory
