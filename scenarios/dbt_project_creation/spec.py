"""The steps of a dbt Cloud project, and what the sagas claim."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from fakes import Databases, DbtProjects, Entitlements, GitHub, Notifications
from harness.saga import Claim, Json, SagaSpec, Step, StepKind
from scenarios.dbt_project_creation.inputs import ALL_ENVIRONMENTS

PARTICIPANTS = (DbtProjects(), Databases(), GitHub(), Entitlements(), Notifications())

ENVIRONMENT_STEPS = tuple(f"create_{one}_environment" for one in ALL_ENVIRONMENTS)

SPEC = SagaSpec(
    name="dbt-project-creation",
    steps=(
        Step(
            name="create_project",
            action="projects.project.create",
            compensation="projects.project.delete",
        ),
        Step(
            name="provision_database",
            action="databases.database.create",
            compensation="databases.database.delete_by_saga",
            optional=True,
        ),
        *(
            Step(
                name=f"create_{one}_environment",
                action=f"projects.{one}_environment.create",
                compensation=f"projects.{one}_environment.delete",
                after=("provision_database",),
            )
            for one in ALL_ENVIRONMENTS
        ),
        Step(
            name="setup_repository",
            action="github.repository.create",
            compensation="github.repository.delete",
            after=ENVIRONMENT_STEPS,
        ),
        Step(
            name="create_credentials",
            action="projects.credentials.create",
            compensation="projects.credentials.delete",
        ),
        Step(
            name="assign_entitlements",
            action="entitlements.entitlement.create",
            compensation="entitlements.entitlement.delete",
        ),
        Step(name="notify_owner", action="notifications.mail.create", kind=StepKind.PIVOT),
    ),
)

DURABLE_SPEC = replace(SPEC, claims=SPEC.claims | {Claim.PROCESS_DEATH})

# The document's choreography has the first four of its six steps.
CHOREOGRAPHED_SPEC = replace(SPEC, steps=SPEC.steps[: 2 + len(ENVIRONMENT_STEPS) + 1])


def needed(project: Json) -> Collection[str]:
    """The steps that a project asks for."""
    names = [step.name for step in SPEC.steps]
    if isinstance(project, Mapping) and project.get("database_selection") == "existing":
        names.remove("provision_database")
    return names
