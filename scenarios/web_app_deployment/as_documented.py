"""The saga as the document describes it: `Saga(name)`, `add_step(action, compensation)`, `execute()`.

The names, the states, the order of rollback, the no-op of the failed step, and all steps logged as events
that make up the state, are the document's; it does not show the class itself. It gives no compensation for
DNS. Each weakness is marked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome, Status
from scenarios.web_app_deployment.audit import rebuilt
from scenarios.web_app_deployment.deployment import Deployment

Action = Callable[[], Awaitable[None]]
Compensation = Callable[[], Awaitable[bool]]
"""Whether there was anything to undo."""


class SagaState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    COMPENSATING = "compensating"  # Rolling back
    COMPLETED = "completed"
    FAILED = "failed"
    COMPENSATED = "compensated"  # Rolled back


class Saga:
    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[tuple[Action, Compensation | None]] = []
        self.error = ""
        self.events: list[Json] = []

    @property
    def state(self) -> SagaState:
        """Rebuilt from the events alone."""
        return SagaState(rebuilt(self.events))

    def add_step(self, action: Action, compensation: Compensation | None = None) -> None:
        self.steps.append((action, compensation))

    async def execute(self) -> None:
        """Any error of a step, a time-out too, turns the saga back, after one attempt."""
        self._log("SagaStarted")
        tried: list[tuple[str, Compensation | None]] = []
        for action, compensation in self.steps:
            step = action.__name__
            tried.append((step, compensation))
            self._log("StepStarted", step=step)
            try:
                await action()
            except httpx.HTTPError as error:
                self.error = f"{step}: {type(error).__name__}"
                self._log("StepFailed", step=step, error=type(error).__name__)
                await self._compensate(tried)
                return
            self._log("StepCompleted", step=step)
        self._log("SagaCompleted")

    async def _compensate(self, tried: list[tuple[str, Compensation | None]]) -> None:
        """Weakness: the first compensation that fails ends the rollback, after one attempt."""
        self._log("CompensationStarted")
        try:
            for step, compensation in reversed(tried):
                if compensation is not None and await compensation():
                    self._log("CompensationCompleted", step=step)
        except httpx.HTTPError as error:
            self._log("SagaFailed", reason=f"rollback failed: {type(error).__name__}", stuck=True)
        else:
            self._log("SagaFailed", reason=self.error, stuck=False)

    def _log(self, event: str, **fields: Json) -> None:
        self.events.append({"event": event, **fields})


@dataclass(slots=True)
class Deployer:
    """Weakness: only what was answered is known, so a compensation is a no-op where the reply was lost."""

    ctx: SagaContext
    deployment: Deployment
    made: dict[str, str] = field(default_factory=dict)

    async def create_database(self) -> None:
        await self._create("terraform", "/databases", {"name": self.deployment.app})

    async def delete_database(self) -> bool:
        return await self._delete("terraform", "/databases")

    async def create_servers(self) -> None:
        fields: Json = {
            "image": self.deployment.image,
            "count": self.deployment.servers,
            "database_id": self.made["terraform"],
        }
        await self._create("docker", "/servers", fields)

    async def delete_servers(self) -> bool:
        return await self._delete("docker", "/servers")

    async def configure_lb(self) -> None:
        await self._create("ansible", "/lb-configs", {"servers_id": self.made["docker"]})

    async def remove_lb_config(self) -> bool:
        return await self._delete("ansible", "/lb-configs")

    async def update_dns(self) -> None:
        fields: Json = {"host": self.deployment.host, "lb_config_id": self.made["ansible"]}
        await self._create("dns", "/records", fields)

    async def _create(self, service: str, path: str, fields: Json) -> None:
        assert isinstance(self.ctx.client, httpx.AsyncClient)
        url = self.ctx.urls[service] + path
        response = await self.ctx.client.post(url, json=fields, timeout=0.5)
        try:
            self.made[service] = str(response.raise_for_status().json()["id"])
        except ValueError as error:
            raise httpx.DecodingError("no JSON") from error

    async def _delete(self, service: str, path: str) -> bool:
        assert isinstance(self.ctx.client, httpx.AsyncClient)
        if service not in self.made:
            return False  # no-op, not created
        url = f"{self.ctx.urls[service]}{path}/{self.made[service]}"
        (await self.ctx.client.delete(url, timeout=0.5)).raise_for_status()
        return True


async def as_documented(ctx: SagaContext, deployment: Json) -> Outcome:
    deployer = Deployer(ctx, Deployment.read(deployment))
    saga = Saga(name="deploy_web_app")
    saga.add_step(action=deployer.create_database, compensation=deployer.delete_database)
    saga.add_step(action=deployer.create_servers, compensation=deployer.delete_servers)
    saga.add_step(action=deployer.configure_lb, compensation=deployer.remove_lb_config)
    saga.add_step(action=deployer.update_dns)
    await saga.execute()
    words = {SagaState.COMPLETED: Status.COMPLETED, SagaState.COMPENSATED: Status.COMPENSATED}
    detail: dict[str, Json] = {"state": saga.state, "events": list(saga.events)}
    if saga.state is not SagaState.COMPLETED:
        detail["error"] = saga.error
    return Outcome(status=words.get(saga.state, Status.STUCK), detail=detail)
