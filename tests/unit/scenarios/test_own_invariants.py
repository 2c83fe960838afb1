"""The invariants that these scenarios bring: each catches a planted saga and passes the sound one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.invariants import Verdict
from harness.plan import Fault, FaultPlan
from harness.runner import run_once
from harness.saga import Json, Outcome
from harness.worlds.sim import SimWorld
from scenarios import REGISTRY
from scenarios.dbt_project_creation.inputs import WITH_EXISTING_DATABASE, WITH_NEW_DATABASE
from scenarios.dbt_project_creation.sagas import create_project
from scenarios.web_app_deployment.as_documented import as_documented
from scenarios.web_app_deployment.sagas import deploy

Saga = Callable[[SagaContext, Json], Any]
REFUSED = FaultPlan((Fault(kind="reject", operation="notifications.mail.create"),))


async def provisions_nothing(ctx: SagaContext, project: Json) -> Outcome:
    assert isinstance(project, Mapping)
    return await create_project(ctx, {**project, "database_selection": "existing"})


async def provisions_always(ctx: SagaContext, project: Json) -> Outcome:
    assert isinstance(project, Mapping)
    assert isinstance(WITH_NEW_DATABASE, Mapping)
    database = {name: WITH_NEW_DATABASE[name] for name in ("database_selection", "new_database")}
    return await create_project(ctx, {**project, **database})


async def forgets_its_last_event(ctx: SagaContext, deployment: Json) -> Outcome:
    outcome = await deploy(ctx, deployment)
    assert isinstance(outcome.detail, Mapping)
    events = outcome.detail["events"]
    assert isinstance(events, list)
    return replace(outcome, detail={**outcome.detail, "events": events[:-1]})


CASES: list[tuple[str, Saga, Saga, str, Json, FaultPlan, str]] = [
    (
        "dbt-project-creation",
        provisions_nothing,
        create_project,
        "made_as_asked",
        WITH_NEW_DATABASE,
        FaultPlan(),
        "the input asks for step provision_database, and the saga completed without it",
    ),
    (
        "dbt-project-creation",
        provisions_always,
        create_project,
        "made_as_asked",
        WITH_EXISTING_DATABASE,
        REFUSED,
        "step provision_database was sent, and the input does not ask for it",
    ),
    (
        "web-app-deployment",
        forgets_its_last_event,
        deploy,
        "audit_rebuilds_state",
        {"app": "shop", "host": "shop.example.com", "image": "shop:1.4", "servers": 2},
        FaultPlan(),
        "the events make up the state running, and the saga says completed",
    ),
    (
        "web-app-deployment",
        as_documented,
        deploy,
        "no_orphaned_costs",
        {"app": "shop", "host": "shop.example.com", "image": "shop:1.4", "servers": 2},
        FaultPlan((Fault(kind="lose_reply", operation="docker.servers.create"),)),
        "$200 a month for what nobody owns: docker.servers #1 $200",
    ),
]


@pytest.mark.parametrize(("name", "broken", "sound", "invariant", "input_", "plan", "message"), CASES)
def test_it_catches_the_planted_one_and_passes_the_sound_one(
    *,
    name: str,
    broken: Saga,
    sound: Saga,
    invariant: str,
    input_: Json,
    plan: FaultPlan,
    message: str,
    sim: SimWorld,
) -> None:
    for saga, verdict, said in ((broken, Verdict.VIOLATED, message), (sound, Verdict.HELD, "")):
        scenario = replace(REGISTRY[name](), saga=CallableSaga(saga, "planted"), inputs=(input_,))
        run = run_once(scenario, input_, plan, sim)
        (judged,) = [one for one in run.judgements if one.invariant == invariant]
        assert (judged.verdict, judged.message) == (verdict, said)
