"""What was really applied, read from the effects in a history."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from harness.history import EffectApplied, HeldOtherwise, History, Lapsed
from harness.participant import Change


@dataclass(slots=True, kw_only=True)
class IncarnationView:
    """One incarnation over the whole run. Numbers are indexes of events.

    made, whole, removals, lessened: where it was made, became whole, was taken back, and that in part.
    lapse: where it was over by itself. asked: where the service itself, asked what it holds, contradicted its
    answers; says: how. held: its word.
    """

    resource: str
    number: int
    saga_id: str
    step: str | None
    counts: bool
    made: int
    whole: int | None = None
    removals: list[int] = field(default_factory=list)
    lessened: list[int] = field(default_factory=list)
    lapse: tuple[int, Lapsed] | None = None
    held: bool | None = None
    asked: int | None = None
    says: str = ""

    @property
    def live(self) -> bool:
        """Still there at the end."""
        there = not self.removals and self.lapse is None
        return there if self.held is None else self.held

    @property
    def evidence(self) -> tuple[int, ...]:
        """Where it was made and taken back in part, and where the service contradicted its answers."""
        asked = () if self.asked is None else (self.asked,)
        return tuple(dict.fromkeys((self.made, *self.lessened, *asked)))

    @property
    def is_left(self) -> str:
        """`#1 of step hold is left`, as findings say it of what is live in the end."""
        part = " in part" if self.lessened else ""
        return f"{self.resource} #{self.number} of step {self.step} is left{part}"

    @property
    def took_effect(self) -> bool:
        """Whether it was ever there to count: the service holds it, or removed it, or nobody asked."""
        return self.held is not False

    def over_before(self, index: int) -> bool:
        """Whether it was over by itself by then: it may be done again."""
        return self.lapse is not None and self.lapse[0] < index

    def stood(self, at_s: float) -> bool:
        """Whether it is there in the end, or was at a time, and no step could have kept it longer."""
        if self.live or self.lapse is None or self.removals:
            return self.live
        _, lapse = self.lapse
        return not lapse.could_be_kept and at_s < lapse.due_s


class LedgerView:
    """All incarnations that a run made, in the order of their creation.

    What was there before the run belongs to no saga.
    """

    def __init__(self, history: History) -> None:
        self._held: dict[tuple[str, int], IncarnationView] = {}
        for index, event in history.of(EffectApplied):
            self._apply(index, event)
        for index, lapsed in history.of(Lapsed):
            over = self._held.get((lapsed.resource, lapsed.incarnation))
            if over is not None:
                over.lapse = index, lapsed
        for index, told in history.of(HeldOtherwise):
            self._correct(index, told)

    @property
    def incarnations(self) -> tuple[IncarnationView, ...]:
        """Every one that was ever made."""
        return tuple(self._held.values())

    def found(self, resource: str, number: int) -> IncarnationView | None:
        """One of them; None for what was there before the run."""
        return self._held.get((resource, number))

    def of(self, saga_id: str, step: str | None = None) -> Iterator[IncarnationView]:
        """Those of a saga, or of one of its steps."""
        return (
            one
            for one in self._held.values()
            if one.saga_id == saga_id and (step is None or one.step == step)
        )

    def left(self, saga_id: str) -> tuple[IncarnationView, ...]:
        """What is left of a saga, less what never counts (RULES §8, complete_compensation)."""
        return tuple(one for one in self.of(saga_id) if one.live and one.counts)

    def nobodys(self, saga_ids: Collection[str]) -> tuple[IncarnationView, ...]:
        """What is left under an id that belongs to none of the run's sagas."""
        return tuple(
            one for one in self._held.values() if one.live and one.counts and one.saga_id not in saga_ids
        )

    def applied(self, saga_id: str, step: str, at_s: float = math.inf) -> bool:
        """Whether a step is whole and there: at the end, or when its saga ended (`IncarnationView.stood`)."""
        return any(one.stood(at_s) and one.whole is not None for one in self.of(saga_id, step))

    def lapsed(self, saga_id: str, step: str) -> tuple[int, Lapsed] | None:
        """The newest of a step that was over by itself: where that is told."""
        return next((one.lapse for one in reversed([*self.of(saga_id, step)]) if one.lapse is not None), None)

    def contradicted(self, saga_id: str, step: str) -> IncarnationView | None:
        """What a service said that it made for a step, and does not hold."""
        return next((one for one in self.of(saga_id, step) if one.held is False), None)

    def _correct(self, index: int, event: HeldOtherwise) -> None:
        mark = (event.resource, event.incarnation)
        if mark not in self._held:
            self._held[mark] = _made(event, index, whole=index)
        found = self._held[mark]
        found.held, found.asked, found.says = event.held, index, event.says

    def _apply(self, index: int, event: EffectApplied) -> None:
        mark = (event.resource, event.incarnation)
        if event.change in (Change.CREATED, Change.PART):
            self._held[mark] = _made(event, index, whole=index if event.change is Change.CREATED else None)
        elif mark not in self._held:
            return  # made before the run
        elif event.change is Change.COMPLETED:
            self._held[mark].whole = index
        elif event.change is Change.LESSENED:
            self._held[mark].lessened.append(index)
        else:
            self._held[mark].removals.append(index)


def _made(event: EffectApplied | HeldOtherwise, index: int, *, whole: int | None) -> IncarnationView:
    return IncarnationView(
        resource=event.resource,
        number=event.incarnation,
        saga_id=event.saga_id,
        step=event.step,
        counts=event.counts,
        made=index,
        whole=whole,
    )
