"""What a situation is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.saga import SagaSpec
from harness.views import SagaView, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """says: one sentence. reach: how to bring it about. required: whether a spec needs it by default."""

    id: str
    says: str
    reach: str
    seen: Callable[[View, SagaView], bool]
    required: Callable[[SagaSpec], bool]
