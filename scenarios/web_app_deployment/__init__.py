"""Deploying a web application: database, servers, load balancer, then DNS, which the world reads at once.

    create_database   compensable  POST /databases at Terraform      $500 a month
    create_servers    compensable  POST /servers at Docker           $200 a month
    configure_lb      compensable  POST /lb-configs at Ansible
    update_dns        pivot        POST /records at DNS: no compensation

Each undo is DELETE …/{id}, in doubt DELETE …?saga_id=. The undo of the step that failed runs too; where
nothing was created it is a no-op, and sends nothing. None of the four heeds idempotency keys.

What may happen: the load balancer fails and two things are paid for that nobody uses; a reply is lost, and
the no-op was none; a rollback fails halfway; DNS already points to what is then deleted.

States: pending, running, compensating, completed, failed (a person is needed), compensated. They can be
rebuilt from the events alone, and `audit.py` holds the saga to that, and prices what is left.

`web-app-deployment` is hardened, on the durable orchestrator; `…-as-documented` is the document's `Saga`: see
`as_documented.py`.
"""

from __future__ import annotations

from pathlib import Path

from harness.adapter import CallableSaga
from harness.saga import SagaSpec
from harness.scenario import Scenario
from scenarios.web_app_deployment.as_documented import as_documented as saga_as_documented
from scenarios.web_app_deployment.audit import AUDIT_REBUILDS_STATE, NO_ORPHANED_COSTS
from scenarios.web_app_deployment.deployment import DEPLOYMENTS, DURABLE_SPEC, PARTICIPANTS, SPEC
from scenarios.web_app_deployment.sagas import deploy

_FOLDER = Path(__file__).parent


def web_app_deployment() -> Scenario:
    return _scenario(
        "web-app-deployment",
        CallableSaga(deploy, "scenarios.web_app_deployment.sagas:deploy", durable=True),
        "database, servers, load balancer and DNS, hardened: its events are its audit",
        spec=DURABLE_SPEC,
        sources=(_FOLDER / "sagas.py", _FOLDER.parent / "orchestrator"),
    )


def web_app_deployment_as_documented() -> Scenario:
    return _scenario(
        "web-app-deployment-as-documented",
        CallableSaga(saga_as_documented, "scenarios.web_app_deployment.as_documented:as_documented"),
        "the same as the document has it: what was not answered was not created",
        spec=SPEC,
        holds=False,
    )


def _scenario(
    name: str,
    saga: CallableSaga,
    summary: str,
    *,
    spec: SagaSpec,
    holds: bool = True,
    sources: tuple[Path, ...] | None = None,
) -> Scenario:
    return Scenario(
        name=name,
        reference=name,
        summary=summary,
        spec=spec,
        participants=PARTICIPANTS,
        saga=saga,
        inputs=DEPLOYMENTS,
        invariants=(AUDIT_REBUILDS_STATE, NO_ORPHANED_COSTS),
        holds=holds,
        sources=sources,
    )
