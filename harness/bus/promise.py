"""What a bus promises its subscribers, in numbers. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.errors import ScenarioError, misplaced

ACK_TIMEOUT_S = {"sim": 30.0, "wire": 2.0}
REDELIVER_AFTER_S = {"sim": 1.0, "wire": 0.1}
MOST_ATTEMPTS = 5
_LONGEST_PAUSES = 32  # times the first one


class BrokerKind(StrEnum):
    """Brokers that can carry the messages of a bus on the wire."""

    RABBITMQ = "rabbitmq"
    REDIS = "redis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker that is there for real. url: of one that runs already; None: one is started for the run."""

    kind: BrokerKind = BrokerKind.RABBITMQ
    url: str | None = None


class Keeping(StrEnum):
    """Which order is kept: none, or that in which the messages of one saga were published."""

    NONE = "none"
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """At least once: a message that was accepted is delivered until it is acknowledged, or a dead letter.

    order: `key`: a subscription gets the next message of a saga once it has done with the one before it.
    attempts: after so many deliveries without an acknowledgement it goes to the dead letters.
    ack_timeout_s: so long an acknowledgement is awaited; then it is delivered again. None: 30 s in sim, 2 s
    on the wire. redeliver_after_s: the pause after a refusal, twice as long after each further one, 32
    times as long at most. None: 1 s in sim, 0.1 s on the wire. Raises ScenarioError for less.
    """

    order: Keeping = Keeping.NONE
    attempts: int = MOST_ATTEMPTS
    ack_timeout_s: float | None = None
    redeliver_after_s: float | None = None

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ScenarioError(
                misplaced("bus, attempts", self.attempts, "a number of deliveries, 1 or more")
            )
        for name, seconds in (
            ("ack_timeout_s", self.ack_timeout_s),
            ("redeliver_after_s", self.redeliver_after_s),
        ):
            if seconds is not None and seconds <= 0:
                raise ScenarioError(misplaced(f"bus, {name}", seconds, "a number of seconds above 0"))

    def waits_s(self, world: str) -> float:
        """Seconds for which an acknowledgement is awaited."""
        return ACK_TIMEOUT_S[world] if self.ack_timeout_s is None else self.ack_timeout_s

    def pause_s(self, world: str, failures: int) -> float:
        """Seconds from the nth refusal of a message to its next delivery."""
        first_s = REDELIVER_AFTER_S[world] if self.redeliver_after_s is None else self.redeliver_after_s
        return first_s * min(1 << (failures - 1), _LONGEST_PAUSES)
