"""What a saga claims, where correct sagas differ, and where a request says whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.errors import ScenarioError, misplaced


class Claim(StrEnum):
    """A guarantee that a saga claims; faults of guarantees that it does not claim are not sent."""

    PROCESS_DEATH = "process_death"
    OTHER_NODE = "other_node"
    RETRY_ELSEWHERE = "retry_elsewhere"
    IRREVERSIBLE_STEP = "irreversible_step"
    LOST_REPLY = "lost_reply"
    DUPLICATE_START = "duplicate_start"
    CANCEL = "cancel"


class Choice(StrEnum):
    """Whether an undo must, may or must never be sent."""

    MUST = "must"
    MAY = "may"
    NEVER = "never"


class Order(StrEnum):
    """In which order compensations run."""

    STRICT = "strict"
    DEPENDENCY = "dependency"
    NONE = "none"


class OnFailedCompensation(StrEnum):
    """What a saga does with an undo that keeps failing."""

    STUCK = "stuck"
    FOREVER = "forever"


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaPolicy:
    """Where correct sagas differ (RULES, `[saga.policy]`).

    order: None: see `SagaSpec.order`. retry_after: `must` or `may`; whether a Retry-After is to be kept.
    """

    failed_step: Choice = Choice.MAY
    untried_step: Choice = Choice.NEVER
    order: Order | None = None
    failed_compensation: OnFailedCompensation = OnFailedCompensation.STUCK
    max_attempts: int = 12
    min_gap_s: float = 0.01
    key_header: str = "Idempotency-Key"
    retry_after: Choice = Choice.MAY


SAGA_ID = "{saga_id}"
"""What stands for the saga's id in the pattern of a correlation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Where a request says whose it is (RULES §2, `[saga.correlation]`).

    field: a path a.b.c in the JSON body, and a parameter of the query. header: of the request.
    pattern: how the saga's id stands in what was found there, and in the key: `order-{saga_id}`.
    Raises ScenarioError where the pattern does not hold `{saga_id}` once, or a name is empty.
    """

    field: str = "saga_id"
    header: str | None = None
    pattern: str = SAGA_ID

    def __post_init__(self) -> None:
        if self.pattern.count(SAGA_ID) != 1:
            raise ScenarioError(misplaced("correlation, pattern", self.pattern, f"{SAGA_ID} in it, once"))
        if not all(self.field.split(".")):
            raise ScenarioError(misplaced("correlation, field", self.field, "a name, or a path a.b.c"))
        if self.header == "":
            raise ScenarioError(misplaced("correlation, header", self.header, "the name of a header"))
