"""What a run needs of a participant, whatever it speaks.

Owns the protocol that scenarios, the fault injector and both worlds rely on; `RestParticipant` is one
implementation. Refuses to know how a participant keeps what it holds, and to know about faults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, Self

from harness.participant.messages import Owner, Reply, Request
from harness.participant.resource import Matched, Operation, ResourceSpec


class Participant(Protocol):
    """A service that sagas call. A scenario holds a prototype; each run works on a `fresh()` copy of it.

    It is called from one thread at a time. What it changes, it says in the effects of each `Reply`: the
    history has no other source, so an effect that is left out was never applied for any invariant.
    """

    @property
    def name(self) -> str:
        """Unique in its scenario; sagas find the address under it, and operations begin with it."""

    @property
    def resources(self) -> Sequence[ResourceSpec]:
        """What it owns, and how repeats, undos and late requests are treated there."""

    @property
    def operations(self) -> Mapping[str, Operation]:
        """Full name (`participant.resource.verb`) to operation: every call site that a plan may name."""

    def fresh(self) -> Self:
        """The same participant for another run: nothing done yet, and nothing shared with this one."""

    def match(self, request: Request) -> Matched | None:
        """The operation that a request asks for, and the resource id in it; None where nothing serves it."""

    def key_of(self, request: Request) -> str | None:
        """The idempotency key of a request; an empty one is none."""

    def heeds_key(self, operation: Operation, request: Request) -> bool:
        """Whether an idempotency key makes a repetition of this request harmless."""

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        """Whose the newest resource behind an id is, live or not; None where there never was one."""

    def handle(
        self, operation: Operation, id_: str | None, request: Request, owner: Owner, *, part: bool = False
    ) -> Reply:
        """Deliver one request that `match` placed. `part`: apply only its first sub-effect, answer 500."""
