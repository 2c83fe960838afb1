"""How messages reach a saga that is made of handlers: an inbox, filled by the world that the saga runs in.

Pure protocol. Refuses to know where messages come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.cloudevents import CloudEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message for one subscription. event: None where nobody can read it. attempt: counted from 1.

    done: to be called once, with None to acknowledge, or with the reason why the message is not taken.
    """

    subscription: str
    event: CloudEvent | None
    attempt: int
    done: Callable[[str | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the messages of a saga ended, once none is under way.

    ends: types of the ends that it published, in that order. dead: its dead letters, in words: those that
    came before its first end, and all where it published none. later: those that came after it.
    """

    ends: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


class Inbox(Protocol):
    """Of one executor."""

    async def next(self) -> Delivery | None:
        """The next message; None once there will be none."""

    async def ending(self) -> Ending:
        """Waits until no message of the saga is under way."""
