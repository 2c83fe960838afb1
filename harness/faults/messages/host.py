"""What a world brings to deliver messages: timers, and hosts that take them. Protocols alone."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from harness.adapter.inbox import Delivery, Ending
from harness.plan.decision import Symptom

EVERY_SAGA = ""
"""The saga of a host that takes the messages of all sagas."""


Lost = Callable[[], None]
Cut = Callable[[str], None]
Silenced = Callable[[str | None], None]


class Cancellable(Protocol):
    """A timer that runs."""

    def cancel(self) -> object:
        """It does not fire."""


class Timers(Protocol):
    """The time of a world."""

    def call_later(self, delay_s: float, callback: Callable[[], object], /) -> Cancellable:
        """Call it after so many seconds."""


class Takes(Enum):
    """Whether a host takes messages."""

    NOW = auto()
    AFTER_ITS_END = auto()  # it has said its word, and what it left behind still runs
    NOTHING = auto()


class Taken(Protocol):
    """A delivery to a host."""

    on_done: Callable[[], object] | None

    def fail(self, symptom: Symptom, *, abandoned: bool = False, broken_off: bool = False) -> None:
        """Whoever handled it died."""


class Host(Protocol):
    """Whoever takes messages of a saga. executor: its number."""

    @property
    def executor(self) -> int: ...

    @property
    def saga_id(self) -> str: ...

    @property
    def takes(self) -> Takes: ...

    def serves(self, subscription: str, /) -> bool:
        """Whether the messages of a subscription are for it."""

    def took(self, delivery: Taken, /) -> None:
        """A delivery to it begins; where it dies it has to report that."""

    @property
    def cuts(self) -> bool:
        """Whether it takes away an acknowledgement that is to be lost; else that is left to the line."""

    def put(self, delivery: Delivery, lost: Lost, cut: Cut | None, /) -> None:
        """Hand a message over. lost: to be called where that cannot be, or nobody will say `done`.

        cut: given where the acknowledgement is to be lost; to be called, with what did it, once it was.
        """

    def send_into_silence(self, delivery: Delivery, lost: Lost, silenced: Silenced, /) -> bool:
        """Send a delivery that is to reach nobody; false where the host sends none, and the line waits.

        silenced: to be called once the bus has waited in vain, with what swallowed it, or None where that was
        not there. Where it came through all the same, its `done` is called; lost: as of `put`.
        """

    def end(self, ending: Ending, /, *, last: bool) -> None:
        """No message of its saga is under way. last: nor will there be one."""
