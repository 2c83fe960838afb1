"""The log in SQL: what SQLite and PostgreSQL have in common, which is all but the connection.

Each operation is one transaction that can be repeated. The lease is checked and renewed by one
UPDATE in the transaction that appends, so no writer can slip in between.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from scenarios.orchestrator.errors import (
    CorruptLogError,
    LeaseLostError,
    LogConflictError,
    UnknownSagaError,
)
from scenarios.orchestrator.log import Entry, Lease, SagaRecord, Taken

T = TypeVar("T")
Rows = Sequence[tuple[object, ...]]
Execute = Callable[[str, Mapping[str, object]], Rows]

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS saga_instances (
        saga_id TEXT NOT NULL PRIMARY KEY, saga_type TEXT NOT NULL, steps TEXT NOT NULL, data TEXT NOT NULL,
        ended INTEGER NOT NULL DEFAULT 0,
        owner TEXT, token BIGINT NOT NULL DEFAULT 0, expires_at_s DOUBLE PRECISION NOT NULL DEFAULT 0)""",
    """CREATE TABLE IF NOT EXISTS saga_events (
        saga_id TEXT NOT NULL, seq BIGINT NOT NULL, token BIGINT NOT NULL, event TEXT NOT NULL,
        PRIMARY KEY (saga_id, seq))""",
)

_CREATE = """INSERT INTO saga_instances (saga_id, saga_type, steps, data)
    VALUES (:saga_id, :saga_type, :steps, :data) ON CONFLICT (saga_id) DO NOTHING"""
_FIND = "SELECT saga_type, steps, data, ended FROM saga_instances WHERE saga_id = :saga_id"
_READ = "SELECT seq, event FROM saga_events WHERE saga_id = :saga_id ORDER BY seq"
_UNFINISHED = "SELECT saga_id FROM saga_instances WHERE ended = 0 ORDER BY saga_id"
_ACQUIRE = """UPDATE saga_instances SET owner = :owner, token = token + 1, expires_at_s = {now} + :ttl_s
    WHERE saga_id = :saga_id AND (owner IS NULL OR expires_at_s <= {now}) RETURNING token"""
_HOLDER = "SELECT owner, token, expires_at_s FROM saga_instances WHERE saga_id = :saga_id"
_RENEW = """UPDATE saga_instances SET expires_at_s = {now} + :ttl_s
    WHERE saga_id = :saga_id AND owner = :owner AND token = :token RETURNING token"""
_RELEASE = """UPDATE saga_instances SET owner = NULL
    WHERE saga_id = :saga_id AND owner = :owner AND token = :token"""
_APPEND = """INSERT INTO saga_events (saga_id, seq, token, event)
    VALUES (:saga_id, :seq, :token, :event) ON CONFLICT (saga_id, seq) DO NOTHING RETURNING seq"""
_STANDING = "SELECT token, event FROM saga_events WHERE saga_id = :saga_id AND seq = :seq"
_END = "UPDATE saga_instances SET ended = 1 WHERE saga_id = :saga_id"


class SqlLog(ABC):
    """`now` is the clock of the store as an SQL expression."""

    now: str

    @abstractmethod
    def query(self, statement: str, values: Mapping[str, object]) -> Rows:
        """Run one statement that changes nothing."""

    @abstractmethod
    def transact(self, work: Callable[[Execute], T]) -> T:
        """Run work in one transaction; where nobody knows whether it was committed, once more."""

    def create(self, record: SagaRecord) -> SagaRecord:
        """As the protocol says."""
        values = {
            "saga_id": record.saga_id,
            "saga_type": record.saga_type,
            "steps": record.steps,
            "data": record.data,
        }

        def work(execute: Execute) -> SagaRecord:
            execute(_CREATE, values)
            return _record(record.saga_id, execute(_FIND, values))

        return self.transact(work)

    def find(self, saga_id: str) -> SagaRecord | None:
        """As the protocol says."""
        found = self.query(_FIND, {"saga_id": saga_id})
        return _record(saga_id, found) if found else None

    def read(self, saga_id: str) -> tuple[str, ...]:
        """As the protocol says."""
        rows = self.query(_READ, {"saga_id": saga_id})
        numbers = [seq for seq, _ in rows]
        if numbers != list(range(1, len(rows) + 1)):
            raise CorruptLogError(
                f"log of saga {saga_id!r}: found entries {numbers}, expected 1 to the last without a gap"
            )
        return tuple(str(event) for _, event in rows)

    def unfinished(self) -> tuple[str, ...]:
        """As the protocol says."""
        return tuple(str(saga_id) for (saga_id,) in self.query(_UNFINISHED, {}))

    def acquire(self, saga_id: str, owner: str, ttl_s: float) -> Lease | Taken:
        """As the protocol says."""
        return self.transact(lambda execute: self._acquire(execute, saga_id, owner, ttl_s))

    def renew(self, lease: Lease, ttl_s: float) -> None:
        """As the protocol says."""
        self.transact(lambda execute: self._renew(execute, lease, ttl_s))

    def append(self, lease: Lease, entry: Entry, ttl_s: float) -> None:
        """As the protocol says."""

        def work(execute: Execute) -> None:
            self._renew(execute, lease, ttl_s)
            _append(execute, lease, entry)

        self.transact(work)

    def release(self, lease: Lease) -> None:
        """As the protocol says."""
        self.transact(lambda execute: execute(_RELEASE, _fence(lease)))

    def _acquire(self, execute: Execute, saga_id: str, owner: str, ttl_s: float) -> Lease | Taken:
        values = {"saga_id": saga_id, "owner": owner, "ttl_s": ttl_s}
        given = execute(_ACQUIRE.format(now=self.now), values)
        if given:
            return Lease(saga_id=saga_id, owner=owner, token=_whole(given[0][0]))
        holders = execute(_HOLDER, values)
        if not holders:
            raise UnknownSagaError(f"lease: found no saga {saga_id!r}, expected one that was created")
        holder, token, expires_at_s = holders[0]
        if holder == owner:  # the acknowledgement of the store was lost
            return Lease(saga_id=saga_id, owner=owner, token=_whole(token))
        assert isinstance(expires_at_s, float)
        return Taken(token=_whole(token), expires_at_s=expires_at_s)

    def _renew(self, execute: Execute, lease: Lease, ttl_s: float) -> None:
        if not execute(_RENEW.format(now=self.now), {**_fence(lease), "ttl_s": ttl_s}):
            raise LeaseLostError(
                f"saga {lease.saga_id!r}: token {lease.token} was taken over, or given back before"
            )


def _append(execute: Execute, lease: Lease, entry: Entry) -> None:
    values = {"saga_id": lease.saga_id, "seq": entry.seq, "token": lease.token, "event": entry.event}
    if not execute(_APPEND, values):
        standing = execute(_STANDING, values)[0]
        if standing != (lease.token, entry.event):
            raise LogConflictError(
                f"log of saga {lease.saga_id!r}, entry {entry.seq}: found {standing[1]} by token "
                f"{standing[0]}, expected no entry, or {entry.event} by token {lease.token}"
            )
    if entry.ends:
        execute(_END, values)


def _fence(lease: Lease) -> dict[str, object]:
    return {"saga_id": lease.saga_id, "owner": lease.owner, "token": lease.token}


def _record(saga_id: str, rows: Rows) -> SagaRecord:
    saga_type, steps, data, ended = rows[0]
    return SagaRecord(
        saga_id=saga_id, saga_type=str(saga_type), steps=str(steps), data=str(data), ended=bool(ended)
    )


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
