"""What is deployed, the steps of it, and who does them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import msgspec

from fakes import Ansible, Dns, Docker, Terraform
from harness.saga import Claim, Json, SagaSpec, Step, StepKind

PARTICIPANTS = (Terraform(), Docker(), Ansible(), Dns())

SPEC = SagaSpec(
    name="web-app-deployment",
    steps=(
        Step(
            name="create_database",
            action="terraform.database.create",
            compensation="terraform.database.delete",
        ),
        Step(name="create_servers", action="docker.servers.create", compensation="docker.servers.delete"),
        Step(
            name="configure_lb",
            action="ansible.lb_config.create",
            compensation="ansible.lb_config.delete",
        ),
        Step(name="update_dns", action="dns.record.create", kind=StepKind.PIVOT),
    ),
)

DURABLE_SPEC = replace(SPEC, claims=SPEC.claims | {Claim.PROCESS_DEATH})

DEPLOYMENTS: tuple[Json, ...] = (
    {"app": "shop", "host": "shop.example.com", "image": "shop:1.4", "servers": 2},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One web application."""

    app: str
    host: str
    image: str
    servers: int

    @classmethod
    def read(cls, content: object) -> Self:
        """Raise msgspec.ValidationError, which names the field, where it is none."""
        return msgspec.convert(content, cls)
