"""The append-only record of one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from harness.history.calls import Call, fold_calls
from harness.history.contents import Contents, Kept
from harness.history.events import (
    AnyEvent,
    EndedEarly,
    Event,
    ExecutorEnded,
    FaultFired,
    FaultUnconfirmed,
    RunBegan,
)

E = TypeVar("E", bound=Event)


class History:
    """What happened, in order; an event's index is how evidence refers to it.

    Histories are equal where their events are.
    """

    def __init__(
        self,
        events: tuple[AnyEvent, ...],
        kept: Kept | None = None,
        told: tuple[Contents, ...] = (),
        printed: str = "",
    ) -> None:
        """kept: requests and answers of the run. told: those of a history that was read from a file.

        printed: by the saga while it ran.
        """
        self.events = events
        self.printed = printed
        self._kept = kept
        self._told = told

    def __repr__(self) -> str:
        return f"History(events={self.events!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and self.events == other.events

    def __hash__(self) -> int:
        return hash(repr(self.events))

    def with_events(self, events: tuple[AnyEvent, ...]) -> History:
        """The same run, told by other events."""
        return History(events, self._kept, self._told, self.printed)

    def renamed(self, events: tuple[AnyEvent, ...], own: str, told: str) -> History:
        """The same run under another id of its saga; `events` have it already."""
        kept = None if self._kept is None else self._kept.renamed(own, told)
        return History(events, kept, self._told, self.printed)

    def with_printed(self, text: str) -> History:
        """The same run, and what its saga printed."""
        return History(self.events, self._kept, self._told, text) if text else self

    @cached_property
    def contents(self) -> Mapping[int, Contents]:
        """What requests and answers held, by the number of the call; of some nothing may have been kept."""
        told = self._told if self._kept is None else self._kept.told()
        return {one.call: one for one in told}

    @property
    def hidden_values(self) -> tuple[str, ...]:
        """What `contents` hides by its name; of a history that was read from a file nobody knows that."""
        return self._kept.hidden if self.contents and self._kept is not None else ()

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The calls, in the order in which they were sent."""
        return fold_calls(self.events)

    @cached_property
    def began(self) -> RunBegan:
        """The first event."""
        first = self.events[0]
        assert isinstance(first, RunBegan)
        return first

    def of(self, kind: type[E]) -> Sequence[tuple[int, E]]:
        """The events of one kind, each with its index: many ask, and the history is walked once."""
        return self._by_kind.get(kind, ())

    @cached_property
    def _by_kind(self) -> dict[type, list[tuple[int, Any]]]:
        found: dict[type, list[tuple[int, Any]]] = defaultdict(list)
        for index, event in enumerate(self.events):
            found[type(event)].append((index, event))
        return found

    def fired(self) -> frozenset[int]:
        """Indexes of the plan's faults that have a receipt."""
        return frozenset(event.fault for _, event in self.of(FaultFired) if event.fault is not None)

    def unconfirmed(self) -> tuple[FaultUnconfirmed, ...]:
        """Faults that were set and whose effect was not confirmed."""
        return tuple(event for _, event in self.of(FaultUnconfirmed))

    @cached_property
    def void(self) -> bool:
        """Whether it is not known what a caller saw, so that the run cannot be judged."""
        return any(event.void for event in self.unconfirmed())

    @cached_property
    def ended_early(self) -> str:
        """Why the run was ended before the saga was; empty where it was not."""
        return next((event.why for _, event in self.of(EndedEarly)), "")

    def ends(self, saga_id: str) -> tuple[ExecutorEnded, ...]:
        """How each executor of a saga ended, in order."""
        return tuple(event for _, event in self.of(ExecutorEnded) if event.saga_id == saga_id)


class Recorder:
    """Appends events, stamped by the world's clock, and keeps what requests and answers held."""

    def __init__(self, now_s: Callable[[], float], redact: tuple[str, ...] = ()) -> None:
        self.now_s = now_s
        self.kept = Kept(redact)
        self.events: list[AnyEvent] = []

    def add(self, event: AnyEvent) -> None:
        """Append one event."""
        self.events.append(event)

    def history(self) -> History:
        """What was recorded so far."""
        return History(tuple(self.events), self.kept)
