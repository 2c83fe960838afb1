"""The hardened deployment: the durable orchestrator, whose log is the audit."""

from __future__ import annotations

import msgspec

from harness.adapter import SagaContext
from harness.saga import Json, Outcome
from scenarios.durably import run_durably
from scenarios.orchestrator import Call, DurableSaga, SagaBuilder, SagaState, SagaStatus, StepContext
from scenarios.orchestrator.definition import MakeCall
from scenarios.outcome import outcome_of
from scenarios.web_app_deployment.deployment import Deployment

Ctx = StepContext[Deployment]


def create_database(ctx: Ctx) -> Call:
    return Call.post("terraform", "/databases", {"saga_id": ctx.saga_id, "name": ctx.data.app})


def create_servers(ctx: Ctx) -> Call:
    fields = {
        "saga_id": ctx.saga_id,
        "image": ctx.data.image,
        "count": ctx.data.servers,
        "database_id": ctx.made["create_database"],
    }
    return Call.post("docker", "/servers", fields)


def configure_lb(ctx: Ctx) -> Call:
    fields = {"saga_id": ctx.saga_id, "servers_id": ctx.made["create_servers"]}
    return Call.post("ansible", "/lb-configs", fields)


def update_dns(ctx: Ctx) -> Call:
    fields = {
        "saga_id": ctx.saga_id,
        "host": ctx.data.host,
        "lb_config_id": ctx.made["configure_lb"],
    }
    return Call.post("dns", "/records", fields)


def find_record(ctx: Ctx) -> Call:
    return Call(service="dns", method="GET", path="/records", query=ctx.of_saga)


def _delete(service: str, path: str) -> MakeCall[Deployment]:
    """By id; in doubt by saga. Where nothing was created, the orchestrator sends nothing: a no-op."""

    def call(ctx: Ctx) -> Call:
        if ctx.resource_id is None:
            return Call(service=service, method="DELETE", path=path, query=ctx.of_saga)
        return Call(service=service, method="DELETE", path=f"{path}/{ctx.resource_id}")

    return call


DEPLOY_WEB_APP = DurableSaga(
    definition=(
        SagaBuilder[Deployment]("deploy_web_app")
        .step("create_database")
        .action(create_database)
        .compensation(_delete("terraform", "/databases"))
        .step("create_servers")
        .action(create_servers)
        .compensation(_delete("docker", "/servers"))
        .step("configure_lb")
        .action(configure_lb)
        .compensation(_delete("ansible", "/lb-configs"))
        .step("update_dns")
        .action(update_dns)
        .found_by(find_record)
        .pivot()
        .build()
    ),
    write=lambda deployment: msgspec.json.encode(deployment).decode(),
    read=lambda text: msgspec.json.decode(text, type=Deployment),
)


async def deploy(ctx: SagaContext, deployment: Json) -> Outcome:
    status = await run_durably(ctx, DEPLOY_WEB_APP, Deployment.read(deployment))
    return outcome_of(status, state=_state(status))


def _state(status: SagaStatus) -> str:
    """The six states of the document."""
    if status.state is SagaState.FAILED:
        return "failed" if status.stuck else "compensated"
    return str(status.state) if status.events else "pending"
