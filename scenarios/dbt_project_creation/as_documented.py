"""The saga as the document describes it, section by section, with the weaknesses that follow.

The six steps, their paths and bodies, `Promise.race` as time-out, the saved state, and the monitor are the
document's. Paths that it does not give (environments, repository, credentials, entitlements) follow the one
that it gives for projects. Its time-outs are divided by 200, and the mail at the end is a last step without
compensation. Each weakness is marked.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome, Status
from scenarios.dbt_project_creation.monitor import SagaMonitor
from scenarios.dbt_project_creation.project import ProjectRequest

Result = dict[str, Json]


class SagaExecutionError(Exception):
    """Project creation failed."""


class SagaTimeoutError(Exception):
    """A step took too long."""


class PartialFailureError(Exception):
    """Some environments failed. Weakness: nobody reads `created`."""

    def __init__(self, message: str, created: list[Result], failed: list[Result]) -> None:
        super().__init__(message)
        self.created = created
        self.failed = failed


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaStep:
    name: str
    transaction: Callable[[Context], Awaitable[Result]]
    compensation: Callable[[Context, Result], Awaitable[None]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    request: ProjectRequest
    results: Mapping[str, Result] = field(default_factory=dict)

    @property
    def project_id(self) -> str:
        return str(self.results["CREATE_PROJECT"]["projectId"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Weakness: its requests have no time-out of their own, and carry no idempotency key."""

    client: httpx.AsyncClient
    urls: Mapping[str, str]

    async def post(self, service: str, path: str, body: Json) -> Result:
        response = await self._request("POST", service, path, body)
        return dict(response.json())

    async def get(self, service: str, path: str) -> None:
        await self._request("GET", service, path)

    async def delete(self, service: str, path: str) -> None:
        await self._request("DELETE", service, path)

    async def _request(self, method: str, service: str, path: str, body: Json = None) -> httpx.Response:
        url = self.urls[service] + path
        response = await self.client.request(method, url, json=body, timeout=None)
        return response.raise_for_status()


class SagaStateManager:
    """Weakness: what it saved is never loaded to go on, and compensations are not saved."""

    def __init__(self, storage: Path) -> None:
        self._storage = storage

    def save_state(self, saga_id: str, state: Result) -> None:
        text = json.dumps({**state, "lastUpdated": time.time()})
        (self._storage / f"saga-{saga_id}.json").write_text(text)

    def load_state(self, saga_id: str) -> Result | None:
        path = self._storage / f"saga-{saga_id}.json"
        return dict(json.loads(path.read_text())) if path.exists() else None

    def mark_step_completed(self, saga_id: str, step_name: str, result: Result) -> None:
        state = self.load_state(saga_id)
        if state is None:
            raise LookupError("Saga state not found")
        steps = state["completedSteps"]
        assert isinstance(steps, list)
        steps.append({"name": step_name, "completedAt": time.time(), "result": result})
        self.save_state(saga_id, state)


class ProjectCreationSaga:
    def __init__(self, saga_id: str, api: Api, states: SagaStateManager, monitor: SagaMonitor) -> None:
        self.saga_id = saga_id
        self.api = api
        self.states = states
        self.monitor = monitor
        self.steps = (
            SagaStep(
                name="CREATE_PROJECT", transaction=self.create_project, compensation=self.delete_project
            ),
            SagaStep(
                name="PROVISION_DATABASE",
                transaction=self.provision_database,
                compensation=self.deprovision_database,
            ),
            SagaStep(
                name="CREATE_ENVIRONMENTS",
                transaction=self.create_environments,
                compensation=self.delete_environments,
            ),
            SagaStep(
                name="SETUP_REPOSITORY",
                transaction=self.setup_repository,
                compensation=self.cleanup_repository,
            ),
            SagaStep(
                name="CREATE_CREDENTIALS",
                transaction=self.create_credentials,
                compensation=self.delete_credentials,
            ),
            SagaStep(
                name="ASSIGN_ENTITLEMENTS",
                transaction=self.assign_entitlements,
                compensation=self.revoke_entitlements,
            ),
            SagaStep(name="NOTIFY_OWNER", transaction=self.notify_owner, compensation=None),
        )

    async def execute(self, context: Context) -> Context:
        """Weakness: a step that fails is not undone, whatever it has done by then."""
        executed: list[tuple[SagaStep, Result]] = []
        self.monitor.record_saga_start(self.saga_id, "project_creation")
        self.states.save_state(self.saga_id, {"completedSteps": []})
        try:
            for step in self.steps:
                result = await self.execute_step(step, context)
                executed.append((step, result))
                self.states.mark_step_completed(self.saga_id, step.name, result)
                context = self.update_context(context, step.name, result)
        except Exception as error:
            await self.compensate(executed, context)
            raise SagaExecutionError("Project creation failed") from error
        return context

    def update_context(self, context: Context, step_name: str, result: Result) -> Context:
        return Context(request=context.request, results={**context.results, step_name: result})

    async def compensate(self, executed: list[tuple[SagaStep, Result]], context: Context) -> None:
        """Weakness: a compensation that fails is logged and forgotten."""
        for step, result in reversed(executed):
            if step.compensation is None:
                continue
            try:
                await step.compensation(context, result)
            except Exception as error:  # noqa: BLE001 - "log but continue"
                self.monitor.log(f"Compensation failed for {step.name}: {type(error).__name__}")

    async def execute_step(self, step: SagaStep, context: Context) -> Result:
        began_s = time.monotonic()
        try:
            result = await step.transaction(context)
        except Exception:
            self.monitor.record_step_execution(self.saga_id, step.name, time.monotonic() - began_s, False)
            raise
        self.monitor.record_step_execution(self.saga_id, step.name, time.monotonic() - began_s, True)
        return result

    # Steps --------------------------------------------------------------------------------------

    async def create_project(self, context: Context) -> Result:
        data = await self.api.post(
            "projects",
            "/api/v1/dbt/projects",
            {
                "name": context.request.project_name,
                "description": context.request.description,
                "owner": context.request.owner,
            },
        )
        return {"projectId": data["id"], "projectData": data}

    async def delete_project(self, context: Context, result: Result) -> None:
        project_id = result.get("projectId")
        if not project_id:
            return
        try:
            await self.api.get("projects", f"/api/v1/dbt/projects/{project_id}")
            await self.api.delete("projects", f"/api/v1/dbt/projects/{project_id}")
        except httpx.HTTPStatusError as error:
            if error.response.status_code == 404:
                return
            raise

    async def provision_database(self, context: Context) -> Result:
        """Weakness: where only the verification fails, the database is there and nobody undoes it."""
        request = context.request
        if request.database_selection == "existing":
            return {"skipped": True, "databaseId": request.existing_database_id}
        assert request.new_database is not None
        data = await self.api.post(
            "databases",
            "/api/v1/admin/datacloud/provision-infra",
            {
                "action": "apply",
                "environment": request.environment,
                "business_area": request.business_area,
                "object_type": "database",
                "object_name": request.new_database.name,
            },
        )
        await self.api.post(
            "databases",
            "/api/v1/admin/snowflake/verify-database",
            {
                "env": request.environment,
                "user": "snowflake_user",
                "password": "snowflake_password",
                "database_details": {
                    "warehouse": request.new_database.warehouse,
                    "database": request.new_database.database,
                    "schema_": request.new_database.schema,
                },
            },
        )
        return {"databaseId": data["databaseId"], "connectionDetails": data}

    async def deprovision_database(self, context: Context, result: Result) -> None:
        request = context.request
        if not result.get("skipped") and result.get("databaseId"):
            assert request.new_database is not None
            await self.api.post(
                "databases",
                "/api/v1/admin/datacloud/provision-infra",
                {
                    "action": "teardown",
                    "environment": request.environment,
                    "business_area": request.business_area,
                    "object_type": "database",
                    "object_name": request.new_database.name,
                    "confirm_destroy": True,
                },
            )

    async def create_environments(self, context: Context) -> Result:
        """Weakness: what was created before one failed is in the error, and in no executed step."""
        created: list[Result] = []
        failed: list[Result] = []
        for environment in context.request.environments:
            try:
                created.append(await self.create_single_environment(context, environment))
            except Exception as error:  # noqa: BLE001 - any failure is one of this environment
                failed.append({"environment": environment, "error": type(error).__name__})
        if failed:
            raise PartialFailureError("Some environments failed", created, failed)
        return {"environments": created}

    async def create_single_environment(self, context: Context, environment: str) -> Result:
        body = {"project_id": context.project_id, "name": environment}
        data = await self.api.post("projects", f"/api/v1/dbt/environments/{environment}", body)
        return {"type": environment, "id": data["id"]}

    async def delete_environments(self, context: Context, result: Result) -> None:
        """Weakness: an environment that cannot be deleted is logged, and the compensation has succeeded."""
        environments = result.get("environments")
        for environment in environments if isinstance(environments, list) else []:
            try:
                path = f"/api/v1/dbt/environments/{environment['type']}/{environment['id']}"
                await self.api.delete("projects", path)
            except Exception as error:  # noqa: BLE001 - as documented
                self.monitor.log(
                    f"Failed to delete environment {environment['type']}: {type(error).__name__}"
                )

    async def setup_repository(self, context: Context) -> Result:
        body = {"project_id": context.project_id, "name": context.request.project_name}
        data = await self.api.post("github", "/api/v1/github/repositories", body)
        return {"repositoryId": data["id"]}

    async def cleanup_repository(self, context: Context, result: Result) -> None:
        await self.api.delete("github", f"/api/v1/github/repositories/{result['repositoryId']}")

    async def create_credentials(self, context: Context) -> Result:
        body = {"project_id": context.project_id, "owner": context.request.owner}
        data = await self.api.post("projects", "/api/v1/dbt/credentials", body)
        return {"credentialsId": data["id"]}

    async def delete_credentials(self, context: Context, result: Result) -> None:
        await self.api.delete("projects", f"/api/v1/dbt/credentials/{result['credentialsId']}")

    async def assign_entitlements(self, context: Context) -> Result:
        body = {"project_id": context.project_id, "owner": context.request.owner}
        data = await self.api.post("entitlements", "/api/v1/entitlements", body)
        return {"entitlementId": data["id"]}

    async def revoke_entitlements(self, context: Context, result: Result) -> None:
        await self.api.delete("entitlements", f"/api/v1/entitlements/{result['entitlementId']}")

    async def notify_owner(self, context: Context) -> Result:
        body = {"to": context.request.owner, "subject": f"{context.request.project_name} is ready"}
        return await self.api.post("notifications", "/api/v1/notifications", body)


class TimeoutAwareSaga(ProjectCreationSaga):
    step_timeouts_s: ClassVar[Mapping[str, float]] = {
        "CREATE_PROJECT": 30 / 200,
        "PROVISION_DATABASE": 300 / 200,
        "CREATE_ENVIRONMENTS": 60 / 200,
        "SETUP_REPOSITORY": 120 / 200,
    }

    async def execute_step(self, step: SagaStep, context: Context) -> Result:
        """`Promise.race`. Weakness: the step that lost the race goes on, and may take effect later."""
        timeout_s = self.step_timeouts_s.get(step.name, 60 / 200)
        transaction = asyncio.ensure_future(super().execute_step(step, context))
        done, _ = await asyncio.wait({transaction}, timeout=timeout_s)
        if not done:
            transaction.add_done_callback(_seen)
            raise SagaTimeoutError(f"Step {step.name} timed out after {timeout_s:g} s")
        return transaction.result()


def _seen(transaction: asyncio.Future[Result]) -> None:
    """A promise that lost a race is rejected in silence."""
    if not transaction.cancelled():
        transaction.exception()


async def as_documented(ctx: SagaContext, project: Json) -> Outcome:
    assert isinstance(ctx.client, httpx.AsyncClient)
    monitor = SagaMonitor()
    saga = TimeoutAwareSaga(
        ctx.saga_id, Api(client=ctx.client, urls=ctx.urls), SagaStateManager(ctx.store_dir), monitor
    )
    try:
        await saga.execute(Context(request=ProjectRequest.read(project)))
    except SagaExecutionError as error:
        detail = {"error": f"{error}: {error.__cause__}", "monitor": monitor.told()}
        return Outcome(status=Status.COMPENSATED, detail=detail)
    return Outcome(status=Status.COMPLETED, detail={"monitor": monitor.told()})
