"""The hardened saga as the orchestrator knows it: how to do, undo and find each step.

The bodies are the document's, with the saga's id in each, so that what is in doubt can be undone by it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fakes import ENVIRONMENTS
from scenarios.dbt_project_creation.project import ProjectRequest
from scenarios.orchestrator import Call, DurableSaga, SagaBuilder, StepContext
from scenarios.orchestrator.definition import Applies, MakeCall

Ctx = StepContext[ProjectRequest]

# The document's, divided by 200.
PROJECT_S, DATABASE_S, ENVIRONMENT_S, REPOSITORY_S, OTHER_S = 0.15, 1.5, 0.3, 0.6, 0.3
LEASE_S = 2.0


def _post(ctx: Ctx, service: str, path: str, fields: Mapping[str, object]) -> Call:
    return Call.post(service, path, {"saga_id": ctx.saga_id, **fields})


def _undo(service: str, path: str) -> MakeCall[ProjectRequest]:
    """By id where it is known; in doubt by saga, which also bars a request that is still on its way."""

    def call(ctx: Ctx) -> Call:
        if ctx.resource_id is None:
            return Call(service=service, method="DELETE", path=path, query=ctx.of_saga)
        return Call(service=service, method="DELETE", path=f"{path}/{ctx.resource_id}")

    return call


def create_project(ctx: Ctx) -> Call:
    project = ctx.data
    fields = {"name": project.project_name, "description": project.description, "owner": project.owner}
    return _post(ctx, "projects", "/api/v1/dbt/projects", fields)


def look_at_project(ctx: Ctx) -> Call:
    return Call(service="projects", method="GET", path=f"/api/v1/dbt/projects/{ctx.resource_id}")


def _infrastructure(ctx: Ctx, action: str, **more: object) -> Call:
    database = ctx.data.new_database
    assert database is not None, "the step is only for projects with a database of their own"
    fields = {
        "action": action,
        "environment": ctx.data.environment,
        "business_area": ctx.data.business_area,
        "object_type": "database",
        "object_name": database.name,
        **more,
    }
    return _post(ctx, "databases", "/api/v1/admin/datacloud/provision-infra", fields)


def provision_database(ctx: Ctx) -> Call:
    return _infrastructure(ctx, "apply")


def verify_database(ctx: Ctx) -> Call:
    database = ctx.data.new_database
    assert database is not None
    details = {
        "warehouse": database.warehouse,
        "database": database.database,
        "schema_": database.schema,
    }
    fields = {
        "env": ctx.data.environment,
        "user": "snowflake_user",
        "password": "snowflake_password",
        "database_details": details,
    }
    return _post(ctx, "databases", "/api/v1/admin/snowflake/verify-database", fields)


def deprovision_database(ctx: Ctx) -> Call:
    """Names the saga whether the step is in doubt or not: only what this saga provisioned is torn down."""
    return _infrastructure(ctx, "teardown", confirm_destroy=True)


def _create_environment(environment: str) -> MakeCall[ProjectRequest]:
    def call(ctx: Ctx) -> Call:
        fields = {"project_id": ctx.made["create_project"], "name": environment}
        return _post(ctx, "projects", f"/api/v1/dbt/environments/{environment}", fields)

    return call


def setup_repository(ctx: Ctx) -> Call:
    fields = {"project_id": ctx.made["create_project"], "name": ctx.data.project_name}
    return _post(ctx, "github", "/api/v1/github/repositories", fields)


def create_credentials(ctx: Ctx) -> Call:
    fields = {"project_id": ctx.made["create_project"], "owner": ctx.data.owner}
    return _post(ctx, "projects", "/api/v1/dbt/credentials", fields)


def assign_entitlements(ctx: Ctx) -> Call:
    fields = {"project_id": ctx.made["create_project"], "owner": ctx.data.owner}
    return _post(ctx, "entitlements", "/api/v1/entitlements", fields)


def notify_owner(ctx: Ctx) -> Call:
    fields = {"to": ctx.data.owner, "subject": f"{ctx.data.project_name} is ready"}
    return _post(ctx, "notifications", "/api/v1/notifications", fields)


def find_mail(ctx: Ctx) -> Call:
    return Call(service="notifications", method="GET", path="/api/v1/notifications", query=ctx.of_saga)


def _built() -> SagaBuilder[ProjectRequest]:
    saga = SagaBuilder[ProjectRequest]("ProjectCreation")
    saga.step("create_project").action(create_project).timeout(PROJECT_S)
    saga.compensation(_undo("projects", "/api/v1/dbt/projects")).looked_at_by(look_at_project)
    saga.step("provision_database").when(lambda project: project.provisions).timeout(DATABASE_S)
    saga.action(provision_database).verified_by(verify_database).compensation(deprovision_database)
    for one in ENVIRONMENTS:
        saga.step(f"create_{one}_environment").when(_has(one)).timeout(ENVIRONMENT_S)
        path = f"/api/v1/dbt/environments/{one}"
        saga.action(_create_environment(one)).compensation(_undo("projects", path))
    saga.step("setup_repository").action(setup_repository).timeout(REPOSITORY_S)
    saga.compensation(_undo("github", "/api/v1/github/repositories"))
    saga.step("create_credentials").action(create_credentials).timeout(OTHER_S)
    saga.compensation(_undo("projects", "/api/v1/dbt/credentials"))
    saga.step("assign_entitlements").action(assign_entitlements).timeout(OTHER_S)
    saga.compensation(_undo("entitlements", "/api/v1/entitlements"))
    saga.step("notify_owner").action(notify_owner).found_by(find_mail).timeout(OTHER_S).pivot()
    return saga


def _has(environment: str) -> Applies[ProjectRequest]:
    return lambda project: environment in project.environments


PROJECT_CREATION = DurableSaga(
    definition=_built().build(),
    write=lambda project: msgspec.json.encode(project).decode(),
    read=lambda text: msgspec.json.decode(text, type=ProjectRequest),
)
