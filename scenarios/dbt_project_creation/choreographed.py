"""The document's choreography: four services, nobody in the middle.

    ProjectRequested → ProjectCreated → DatabaseCreated → EnvironmentCreated → RepositoryCreated → complete

As documented (`DOCUMENTED`) a service publishes that it failed, and the one before it compensates: and that
is all, so what lies further back stays. Hardened (`HARDENED`) each service that has compensated says so, and
the one before it follows, back to the project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from fakes import ENVIRONMENTS
from harness.adapter.handlers import Handler, HandlerContext, MessageEvent
from harness.saga import Json, Status
from scenarios.choreography import Data, Made, Request, ServiceStep, act, once, take_back

PROVISION = "/api/v1/admin/datacloud/provision-infra"

STARTS = "ProjectRequested"
EVENTS = (
    STARTS,
    "ProjectCreated",
    "DatabaseCreated",
    "DatabaseFailed",
    "EnvironmentCreated",
    "EnvironmentFailed",
    "RepositoryCreated",
    "RepositoryFailed",
    "EnvironmentsDeleted",
    "DatabaseDeleted",
    "ProjectCreationFailed",
)
OUTCOME = {"RepositoryCreated": Status.COMPLETED, "ProjectCreationFailed": Status.COMPENSATED}


def _fields(event: MessageEvent) -> dict[str, Any]:
    assert isinstance(event.data, Mapping)
    return dict(event.data)


def _infrastructure(data: Data, action: str, **more: Json) -> Request:
    body = {
        "action": action,
        "environment": data["environment"],
        "business_area": data["business_area"],
        "object_type": "database",
        "object_name": data["new_database"]["name"],
        **more,
    }
    return Request(service="databases", method="POST", path=PROVISION, body=body)


def _project(data: Data) -> Request:
    body = {"name": data["project_name"], "description": data["description"], "owner": data["owner"]}
    return Request(service="projects", method="POST", path="/api/v1/dbt/projects", body=body)


def _environment(environment: str) -> ServiceStep:
    path = f"/api/v1/dbt/environments/{environment}"

    def create(data: Data) -> Request:
        body = {"project_id": data["project_id"], "name": environment}
        return Request(service="projects", method="POST", path=path, body=body)

    undo = _deletes("projects", path)
    return ServiceStep(name=f"create_{environment}_environment", action=create, undo=undo)


def _repository(data: Data) -> Request:
    body = {"project_id": data["project_id"], "name": data["project_name"]}
    return Request(service="github", method="POST", path="/api/v1/github/repositories", body=body)


def _delete(service: str, path: str) -> Request:
    return Request(service=service, method="DELETE", path=path)


def _deletes(service: str, path: str) -> Callable[[Data], Request]:
    def call(data: Data) -> Request:
        del data
        return _delete(service, path)

    return call


PROJECT = ServiceStep(
    name="create_project",
    action=_project,
    undo=_deletes("projects", "/api/v1/dbt/projects"),
)
DATABASE = ServiceStep(
    name="provision_database",
    action=lambda data: _infrastructure(data, "apply"),
    undo=lambda data: _infrastructure(data, "teardown", confirm_destroy=True),
)
ENVIRONMENT = tuple(_environment(one) for one in ENVIRONMENTS)
REPOSITORY = ServiceStep(
    name="setup_repository",
    action=_repository,
    undo=_deletes("github", "/api/v1/github/repositories"),
)


# Hardened -------------------------------------------------------------------------------------


def _forward(service: str, steps: Sequence[ServiceStep], done: str, failed: str) -> Handler:
    async def handler(ctx: HandlerContext, event: MessageEvent) -> None:
        async def work() -> Made:
            data = _fields(event)
            made = await act(ctx, data, _needed(data, steps))
            if made is None:
                return failed, data
            return done, data | ({"project_id": made["create_project"]} if "create_project" in made else {})

        await once(ctx, event, service, work)

    handler.__name__ = f"{service}_forward"
    return handler


def _back(service: str, steps: Sequence[ServiceStep], done: str) -> Handler:
    async def handler(ctx: HandlerContext, event: MessageEvent) -> None:
        async def work() -> Made:
            data = _fields(event)
            await take_back(ctx, data, _needed(data, steps))
            return done, data

        await once(ctx, event, f"{service} back", work)

    handler.__name__ = f"{service}_back"
    return handler


def _needed(data: Data, steps: Sequence[ServiceStep]) -> Sequence[ServiceStep]:
    """An existing database is neither provisioned nor torn down."""
    return [step for step in steps if step is not DATABASE or data["database_selection"] == "new"]


_DELETE_ENVIRONMENTS = _back("environment", ENVIRONMENT, "EnvironmentsDeleted")
_DELETE_DATABASE = _back("database", (DATABASE,), "DatabaseDeleted")
_DELETE_PROJECT = _back("project", (PROJECT,), "ProjectCreationFailed")

HARDENED: Mapping[str, Handler] = {
    STARTS: _forward("project", (PROJECT,), "ProjectCreated", "ProjectCreationFailed"),
    "ProjectCreated": _forward("database", (DATABASE,), "DatabaseCreated", "DatabaseFailed"),
    "DatabaseCreated": _forward("environment", ENVIRONMENT, "EnvironmentCreated", "EnvironmentFailed"),
    "EnvironmentCreated": _forward("repository", (REPOSITORY,), "RepositoryCreated", "RepositoryFailed"),
    "RepositoryFailed": _DELETE_ENVIRONMENTS,
    "EnvironmentsDeleted": _DELETE_DATABASE,
    "EnvironmentFailed": _DELETE_DATABASE,
    "DatabaseDeleted": _DELETE_PROJECT,
    "DatabaseFailed": _DELETE_PROJECT,
}


# As documented --------------------------------------------------------------------------------


async def _call(ctx: HandlerContext, request: Request) -> dict[str, Any]:
    """Weakness: no time-out of its own, no idempotency key, and any error is a failure."""
    url = ctx.urls[request.service] + request.path
    reply = await ctx.client.request(request.method, url, json=request.body)
    reply.raise_for_status()
    return dict(reply.json()) if reply.content else {}


async def on_project_requested(ctx: HandlerContext, event: MessageEvent) -> None:
    """Weakness: an event that comes again is handled again, and what is published has another id."""
    data = _fields(event)
    project = await _call(ctx, _project(data))
    await ctx.publish("ProjectCreated", data | {"project_id": project["id"]})


async def on_project_created(ctx: HandlerContext, event: MessageEvent) -> None:
    data = _fields(event)
    try:
        if data["database_selection"] == "new":
            await _call(ctx, _infrastructure(data, "apply"))
    except httpx.HTTPError:
        await ctx.publish("DatabaseFailed", data)
        return
    await ctx.publish("DatabaseCreated", data)


async def on_database_created(ctx: HandlerContext, event: MessageEvent) -> None:
    data = _fields(event)
    try:
        created = {one: (await _call(ctx, step.action(data)))["id"] for one, step in _environments()}
    except httpx.HTTPError:
        await ctx.publish("EnvironmentFailed", data)
        return
    await ctx.publish("EnvironmentCreated", data | {"environment_ids": created})


async def on_environment_created(ctx: HandlerContext, event: MessageEvent) -> None:
    data = _fields(event)
    try:
        await _call(ctx, _repository(data))
    except httpx.HTTPError:
        await ctx.publish("RepositoryFailed", data)
        return
    await ctx.publish("RepositoryCreated", data)


async def on_database_failed(ctx: HandlerContext, event: MessageEvent) -> None:
    """Compensate: Delete Project."""
    await _call(ctx, _delete("projects", f"/api/v1/dbt/projects/{_fields(event)['project_id']}"))
    await ctx.publish("ProjectCreationFailed", _fields(event))


async def on_environment_failed(ctx: HandlerContext, event: MessageEvent) -> None:
    """Compensate: Delete Database. Weakness: and nothing else."""
    data = _fields(event)
    if data["database_selection"] == "new":
        await _call(ctx, _infrastructure(data, "teardown", confirm_destroy=True))
    await ctx.publish("ProjectCreationFailed", data)


async def on_repository_failed(ctx: HandlerContext, event: MessageEvent) -> None:
    """Compensate: Delete Environment. Weakness: and nothing else."""
    data = _fields(event)
    for one, id_ in data["environment_ids"].items():
        await _call(ctx, _delete("projects", f"/api/v1/dbt/environments/{one}/{id_}"))
    await ctx.publish("ProjectCreationFailed", data)


def _environments() -> list[tuple[str, ServiceStep]]:
    return list(zip(ENVIRONMENTS, ENVIRONMENT, strict=True))


DOCUMENTED: Mapping[str, Handler] = {
    STARTS: on_project_requested,
    "ProjectCreated": on_project_created,
    "DatabaseCreated": on_database_created,
    "EnvironmentCreated": on_environment_created,
    "DatabaseFailed": on_database_failed,
    "EnvironmentFailed": on_environment_failed,
    "RepositoryFailed": on_repository_failed,
}
