"""The hardened saga: the durable orchestrator, watched by the document's monitor."""

from __future__ import annotations

from fakes import ENVIRONMENTS
from harness.adapter import SagaContext
from harness.saga import Json, Outcome
from scenarios.dbt_project_creation.monitor import SagaMonitor
from scenarios.dbt_project_creation.project import ProjectRequest
from scenarios.dbt_project_creation.steps import LEASE_S, PROJECT_CREATION
from scenarios.durably import run_durably
from scenarios.orchestrator import SagaStatus
from scenarios.orchestrator.events import StepCompleted, StepFailed
from scenarios.outcome import outcome_of


async def create_project(ctx: SagaContext, project: Json) -> Outcome:
    monitor = SagaMonitor()
    status = await run_durably(
        ctx, PROJECT_CREATION, ProjectRequest.read(project), lease_s=LEASE_S, watch=monitor.watch
    )
    return outcome_of(status, monitor=monitor.told(), environments=_environments(status))


def _environments(status: SagaStatus) -> Json:
    """Which were created, and which failed, as the document tells a partial failure; all are undone then."""
    told: dict[str, list[str]] = {"created": [], "failed": []}
    for one in ENVIRONMENTS:
        for event in status.events:
            if isinstance(event, StepCompleted | StepFailed) and event.step == f"create_{one}_environment":
                if isinstance(event, StepCompleted):
                    told["created"].append(one)
                elif not event.compensating:
                    told["failed"].append(one)
    return told
