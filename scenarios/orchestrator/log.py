"""The log of durable sagas: what a store has to keep, and the lease that lets one executor write.

Owns the seam. Each saga has its input, its events numbered from 1, and a lease. The lease carries a
fencing token that grows with every executor that takes it, so that one that was frozen and wakes
finds its writes refused, however sure it is of itself. All times are by the clock of the store.

A store may lose its acknowledgement: every operation can be repeated, and does no more than once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaRecord:
    """What a saga was begun with, and whether it has ended.

    `steps` tells whether it is resumed with the same ones.
    """

    saga_id: str
    saga_type: str
    steps: str
    data: str
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event as text. `ends`: it is the last one of the saga."""

    seq: int
    event: str
    ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write the log of one saga, as long as no higher token was given out."""

    saga_id: str
    owner: str
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Another executor holds the lease. Two that differ show that it is alive, or was followed by one."""

    token: int
    expires_at_s: float


class SagaLog(Protocol):
    """One connection of one executor to the store. Calls are short, and block."""

    def create(self, record: SagaRecord) -> SagaRecord:
        """Keep what a saga begins with, unless it was begun before; returns what is kept."""

    def find(self, saga_id: str) -> SagaRecord | None:
        """What a saga was begun with."""

    def read(self, saga_id: str) -> tuple[str, ...]:
        """All its events, oldest first. Raises CorruptLogError where one is missing."""

    def unfinished(self) -> tuple[str, ...]:
        """The ids of the sagas that have not ended."""

    def acquire(self, saga_id: str, owner: str, ttl_s: float) -> Lease | Taken:
        """Take the lease if it is free or has run out. `owner` is of one executor alone."""

    def renew(self, lease: Lease, ttl_s: float) -> None:
        """Raise LeaseLostError where it was taken over."""

    def append(self, lease: Lease, entry: Entry, ttl_s: float) -> None:
        """Renew the lease and keep the event, both or neither.

        Raises LeaseLostError as `renew` does, LogConflictError where another event stands there.
        """

    def release(self, lease: Lease) -> None:
        """Give the lease back, if it is still held."""
