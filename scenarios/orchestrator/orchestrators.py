"""The orchestrators: `start` runs a saga to its end, `status` tells how any of them is doing."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from scenarios.orchestrator.core import run_saga
from scenarios.orchestrator.definition import D, SagaDefinition
from scenarios.orchestrator.drivers import Keep, drive, drive_sync
from scenarios.orchestrator.events import SagaEvent
from scenarios.orchestrator.instance import SagaInstance, SagaStatus
from scenarios.orchestrator.policy import RetryPolicy

TIMEOUT_S = 0.25


def _ignore(event: SagaEvent) -> None:
    del event


class _Instances:
    """Keeps instances in memory: what it claims, it claims for one process."""

    def __init__(self, urls: Mapping[str, str], policy: RetryPolicy, timeout_s: float, keep: Keep) -> None:
        self._urls = urls
        self._policy = policy
        self._timeout_s = timeout_s
        self._keep = keep
        self._instances: dict[str, SagaInstance] = {}

    def _add(self, definition: SagaDefinition[D], saga_id: str) -> SagaInstance | None:
        """None where the saga was started before: an id is started once."""
        if saga_id in self._instances:
            return None
        instance = SagaInstance(saga_id=saga_id, saga_type=definition.name)
        self._instances[saga_id] = instance
        return instance

    def _status(self, saga_id: str) -> SagaStatus:
        if saga_id not in self._instances:
            known = ", ".join(self._instances) or "none"
            raise KeyError(f"status: found no saga {saga_id!r}, expected one of those started: {known}")
        return self._instances[saga_id].status()


class Orchestrator(_Instances):
    """Drives sagas through an `httpx.AsyncClient`."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        urls: Mapping[str, str],
        *,
        policy: RetryPolicy | None = None,
        timeout_s: float = TIMEOUT_S,
        keep: Keep = _ignore,
    ) -> None:
        super().__init__(urls, policy or RetryPolicy(), timeout_s, keep)
        self._client = client

    async def start(self, definition: SagaDefinition[D], data: D, *, saga_id: str) -> str:
        """Run a saga to its end, unless this id was started before."""
        instance = self._add(definition, saga_id)
        if instance is not None:
            saga = run_saga(definition, data, instance, self._policy)
            await drive(saga, self._client, self._urls, self._timeout_s, self._keep)
        return saga_id

    async def status(self, saga_id: str) -> SagaStatus:
        """How a saga is doing, also while it runs."""
        return self._status(saga_id)


class SyncOrchestrator(_Instances):
    """Drives sagas through an `httpx.Client`."""

    def __init__(
        self,
        client: httpx.Client,
        urls: Mapping[str, str],
        *,
        policy: RetryPolicy | None = None,
        timeout_s: float = TIMEOUT_S,
        keep: Keep = _ignore,
    ) -> None:
        super().__init__(urls, policy or RetryPolicy(), timeout_s, keep)
        self._client = client

    def start(self, definition: SagaDefinition[D], data: D, *, saga_id: str) -> str:
        """Run a saga to its end, unless this id was started before."""
        instance = self._add(definition, saga_id)
        if instance is not None:
            saga = run_saga(definition, data, instance, self._policy)
            drive_sync(saga, self._client, self._urls, self._timeout_s, self._keep)
        return saga_id

    def status(self, saga_id: str) -> SagaStatus:
        """How a saga is doing."""
        return self._status(saga_id)
