"""What a run starts, and how a saga says that it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from harness.errors import ScenarioError, misplaced

if TYPE_CHECKING:
    Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
else:
    Json = Any  # msgspec reads annotations at run time and knows no recursive alias


class Status(StrEnum):
    """How a saga says that it ended. `running` is not an end."""

    COMPLETED = "completed"
    COMPENSATED = "compensated"
    STUCK = "stuck"
    RUNNING = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a saga returns. `detail` may hold `error` (the first cause) and `log` ([step, word] pairs)."""

    status: Status
    detail: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaStart:
    """One saga of a run: its id, its input, and when it begins, in seconds from the beginning of the run."""

    id: str
    input: Json
    at_s: float = 0.0


MOST_SAGAS = 5
"""In one run."""

MOST_PREEMPTIONS = 8
"""Of one plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Several sagas in one run: how many, and how many preemptions interleave them in guided search.

    inputs: those that the sagas are given, the same and different ones; empty: those of the scenario.
    Raises ScenarioError for fewer than two sagas, or more of either than a plan may have.
    """

    sagas: int = 2
    preemptions: int = 2
    inputs: tuple[Json, ...] = ()

    def __post_init__(self) -> None:
        if not 2 <= self.sagas <= MOST_SAGAS:
            raise ScenarioError(misplaced("overlap, sagas", self.sagas, f"2 to {MOST_SAGAS}"))
        if not 0 <= self.preemptions <= MOST_PREEMPTIONS:
            raise ScenarioError(
                misplaced("overlap, preemptions", self.preemptions, f"0 to {MOST_PREEMPTIONS}")
            )
