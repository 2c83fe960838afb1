"""The durable orchestrators: a saga that was begun is brought to its end, whoever dies on the way.

`start` is idempotent for an id, `resume` goes on from the log alone, `recover` resumes all that has
not ended. Several executors may work on one log: see `execution` for who goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from scenarios.orchestrator.definition import D
from scenarios.orchestrator.drivers import drive, drive_sync
from scenarios.orchestrator.errors import (
    DefinitionChangedError,
    SagaLogError,
    UnknownSagaError,
)
from scenarios.orchestrator.events import SagaEvent
from scenarios.orchestrator.execution import (
    DurableSaga,
    ResumableSaga,
    Watch,
    Wish,
    execute,
    folded,
)
from scenarios.orchestrator.instance import SagaState, SagaStatus
from scenarios.orchestrator.log import SagaLog, SagaRecord
from scenarios.orchestrator.orchestrators import TIMEOUT_S
from scenarios.orchestrator.policy import RetryPolicy
from scenarios.orchestrator.retry import Steps

LEASE_S = 1.0

C = TypeVar("C", httpx.AsyncClient, httpx.Client)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What became of the sagas that had not ended, and of those whose log cannot be worked with."""

    statuses: Mapping[str, SagaStatus]
    failures: Mapping[str, SagaLogError]


def _unwatched(event: SagaEvent) -> None:
    del event


class _Durable(Generic[C]):
    def __init__(  # noqa: PLR0913 - each is chosen by itself
        self,
        client: C,
        urls: Mapping[str, str],
        log: SagaLog,
        sagas: Iterable[ResumableSaga],
        *,
        policy: RetryPolicy | None = None,
        timeout_s: float = TIMEOUT_S,
        lease_s: float = LEASE_S,
        watch: Watch = _unwatched,
    ) -> None:
        """`lease_s` must be longer than one request: it is renewed before each and while waiting.

        watch: told each event once it is kept, by the executor that kept it.
        """
        self._watch = watch
        self._client: C = client
        self._urls = urls
        self._log = log
        self._sagas = {saga.name: saga for saga in sagas}
        self._policy = policy or RetryPolicy()
        self._timeout_s = timeout_s
        self._lease_s = lease_s

    def _begin(self, saga: DurableSaga[D], data: D, saga_id: str, wish: Wish) -> Steps[None]:
        record = SagaRecord(saga_id=saga_id, saga_type=saga.name, steps=saga.steps, data=saga.write(data))
        return self._go_on(self._log.create(record), wish)

    def _take_up(self, saga_id: str, wish: Wish) -> Steps[None]:
        return self._go_on(self._record(saga_id), wish)

    def _go_on(self, record: SagaRecord, wish: Wish) -> Steps[None]:
        saga = self._sagas.get(record.saga_type)
        where = f"saga {record.saga_id!r}"
        if saga is None:
            known = ", ".join(self._sagas) or "none"
            raise UnknownSagaError(f"{where}: found type {record.saga_type!r}, expected one of: {known}")
        if saga.steps != record.steps:
            raise DefinitionChangedError(
                f"{where}: found steps {saga.steps}, expected those it was begun with: {record.steps}"
            )
        if not record.ended:
            yield from execute(self._log, saga, record, self._policy, self._lease_s, wish, self._watch)

    def _status(self, saga_id: str) -> SagaStatus:
        record = self._record(saga_id)
        return folded(record, self._log.read(saga_id)).status()

    def _record(self, saga_id: str) -> SagaRecord:
        record = self._log.find(saga_id)
        if record is None:
            raise UnknownSagaError(f"found no saga {saga_id!r} in the log, expected one that was started")
        return record


class DurableOrchestrator(_Durable[httpx.AsyncClient]):
    """Drives sagas through an `httpx.AsyncClient`. `sagas` are the types that it can resume.

    A caller that cancels turns the saga back: CancelledError comes out once all is undone, or all is
    done because it was past its pivot. Where neither can be, nothing is raised, and `status` tells.
    """

    async def start(self, saga: DurableSaga[D], data: D, *, saga_id: str) -> str:
        """Bring a saga to its end. If this id was started before, go on with it, and with its input."""
        wish = Wish()
        await self._run(self._begin(saga, data, saga_id, wish), saga_id, wish)
        return saga_id

    async def resume(self, saga_id: str) -> str:
        """Go on from the log. Raises UnknownSagaError where nothing was recorded."""
        wish = Wish()
        await self._run(self._take_up(saga_id, wish), saga_id, wish)
        return saga_id

    async def recover(self) -> Recovered:
        """Resume all that has not ended, at once; one whose log is corrupt is in nobody's way."""
        ids = self._log.unfinished()
        ends = await asyncio.gather(*(self._resumed(saga_id) for saga_id in ids))
        return _recovered(zip(ids, ends, strict=True))

    async def status(self, saga_id: str) -> SagaStatus:
        """How a saga is doing, whoever is at work on it."""
        return self._status(saga_id)

    async def _resumed(self, saga_id: str) -> SagaStatus | SagaLogError:
        try:
            return self._status(await self.resume(saga_id))
        except SagaLogError as error:
            return error

    async def _run(self, steps: Steps[None], saga_id: str, wish: Wish) -> None:
        work = asyncio.ensure_future(drive(steps, self._client, self._urls, self._timeout_s, _never_kept))
        while not work.done():
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                if work.cancelled():
                    raise
                wish.turn_back = True
        work.result()
        if wish.turn_back and _ended_well(self._status(saga_id)):
            raise asyncio.CancelledError


class SyncDurableOrchestrator(_Durable[httpx.Client]):
    """Drives sagas through an `httpx.Client`."""

    def start(self, saga: DurableSaga[D], data: D, *, saga_id: str) -> str:
        """Bring a saga to its end. If this id was started before, go on with it, and with its input."""
        self._run(self._begin(saga, data, saga_id, Wish()))
        return saga_id

    def resume(self, saga_id: str) -> str:
        """Go on from the log. Raises UnknownSagaError where nothing was recorded."""
        self._run(self._take_up(saga_id, Wish()))
        return saga_id

    def recover(self) -> Recovered:
        """Resume all that has not ended, one by one; one whose log is corrupt is in nobody's way."""
        return _recovered((saga_id, self._resumed(saga_id)) for saga_id in self._log.unfinished())

    def status(self, saga_id: str) -> SagaStatus:
        """How a saga is doing, whoever is at work on it."""
        return self._status(saga_id)

    def _resumed(self, saga_id: str) -> SagaStatus | SagaLogError:
        try:
            return self._status(self.resume(saga_id))
        except SagaLogError as error:
            return error

    def _run(self, steps: Steps[None]) -> None:
        drive_sync(steps, self._client, self._urls, self._timeout_s, _never_kept)


def _never_kept(event: SagaEvent) -> None:
    raise AssertionError(f"an execution keeps its events itself, and yielded {event!r}")


def _recovered(ends: Iterable[tuple[str, SagaStatus | SagaLogError]]) -> Recovered:
    statuses: dict[str, SagaStatus] = {}
    failures: dict[str, SagaLogError] = {}
    for saga_id, end in ends:
        if isinstance(end, SagaLogError):
            failures[saga_id] = end
        else:
            statuses[saga_id] = end
    return Recovered(statuses=statuses, failures=failures)


def _ended_well(status: SagaStatus) -> bool:
    return status.state in (SagaState.COMPLETED, SagaState.FAILED) and not status.stuck
