"""A client that was onboarded: the event that starts the saga, the steps, and who does them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import msgspec

from fakes.onboarding import AiWorkspace, Billing, Clients, WelcomeMail
from harness.saga import Claim, Json, SagaSpec, Step, StepKind

PARTICIPANTS = (AiWorkspace(), Billing(), WelcomeMail(), Clients())

SPEC = SagaSpec(
    name="client-onboarding",
    steps=(
        Step(
            name="create_workspace",
            action="ai-workspace.workspace.create",
            compensation="ai-workspace.workspace.delete_by_saga",
        ),
        Step(
            name="setup_billing",
            action="billing.profile.create",
            compensation="billing.profile.delete_by_saga",
        ),
        Step(name="send_welcome_email", action="notifications.mail.create", kind=StepKind.PIVOT),
    ),
)

DURABLE_SPEC = replace(SPEC, claims=SPEC.claims | {Claim.PROCESS_DEATH})
"""That it is started twice is the bus's way of life: it brings an event again whenever it likes."""

CLIENTS: tuple[Json, ...] = (
    {"client_id": "client-7", "name": "Harbour Ltd", "email": "ann@harbour.example", "plan": "team"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOnboarded:
    """The event that starts the saga."""

    client_id: str
    name: str
    email: str
    plan: str

    @classmethod
    def read(cls, content: object) -> Self:
        """Raise msgspec.ValidationError, which names the field, where it is none."""
        return msgspec.convert(content, cls)

    @property
    def fields(self) -> dict[str, Json]:
        """As an event carries them."""
        return {name: getattr(self, name) for name in self.__slots__}
