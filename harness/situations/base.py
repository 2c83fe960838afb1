"""What a situation is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.scenario import Scenario
from harness.views import SagaView, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """says: one sentence. reach: how to bring it about. required: whether a scenario needs it by default."""

    id: str
    says: str
    reach: str
    seen: Callable[[View, SagaView], bool]
    required: Callable[[Scenario], bool]
