"""Whose turn it is in a run of several sagas: one goes on at a time, and a preemption passes the turn.

Owns which saga begins next, at which call one is held, and when it goes on again; both worlds ask it.
Without a preemption the sagas run one after the other. A saga that is answered the same to the same request
again and again waits for another one: then it is the turn of that one, and where all of them wait, none is
held any longer. So no run hangs. Refuses to know requests, clocks and stores: a world reports what its sagas
do, and holds their calls.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass

from harness.history import Passed
from harness.plan import FaultPlan, Site

REPEATS = 2
"""How often in a row a saga that waits is answered what it was answered before, to each of its requests."""

REMEMBERED = 4
"""Different requests that a saga which waits asks in turn, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The turn passes to a saga. begins: it has not begun. held: the number of the saga that stands still.

    preemption: the index of the one in the plan that is the reason.
    """

    saga: int
    why: Passed
    begins: bool
    held: int | None = None
    preemption: int | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """One call at the door: the nth of its operation that the saga sends."""

    saga: int
    operation: str | None
    nth: int


@dataclass(slots=True)
class _Frame:
    """A saga that goes on. until: where it is held again. together: that call is let through all the same.

    preemption: that which let it run.
    """

    saga: int
    until: Site | None = None
    preemption: int | None = None
    together: bool = False


class Turns:
    """Of one run. Sagas go by their numbers, from 1.

    free: whether every saga goes on by itself: faults have healed, or all of them waited for each other.
    waited: the sagas that waited for each other, so that nobody is held; empty where that is not why.
    """

    def __init__(self, plan: FaultPlan) -> None:
        self._waiting = list(enumerate(plan.preemptions))
        self._sagas = range(1, plan.sagas + 1)
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self._frames: list[_Frame] = []
        self._sent: Counter[tuple[int, str | None]] = Counter()
        self._latest: dict[int, deque[Hashable]] = {one: deque(maxlen=REMEMBERED) for one in self._sagas}
        self._repeated: dict[int, list[Hashable]] = {one: [] for one in self._sagas}
        self._stuck: set[int] = set()
        self.free = False
        self.waited: tuple[int, ...] = ()

    def begin(self) -> Turn:
        """The first saga begins."""
        return self._next(Passed.NEXT)

    def sent(self, saga: int, operation: str | None) -> Ticket:
        """A call of a saga comes to the door, where it may have to wait."""
        self._sent[saga, operation] += 1
        return Ticket(saga, operation, self._sent[saga, operation])

    def goes_on(self, saga: int) -> bool:
        """Whether calls of a saga go through; those of one that has ended always do."""
        return self.free or saga in self._ended or (bool(self._frames) and self._frames[-1].saga == saga)

    def passes_at(self, ticket: Ticket) -> Turn | None:
        """To whom the turn passes at a call of the saga that goes on; None: the call goes through.

        So it does where the turn passes TOGETHER.
        """
        if self.free or ticket.saga in self._ended:
            return None
        frame = self._frames[-1]
        if _is_at(frame.until, ticket) and len(self._frames) > 1:
            self._frames.pop()
            back = self._frames[-1].saga
            why = Passed.TOGETHER if frame.together else Passed.REACHED
            return self._to(back, why, held=ticket.saga, preemption=frame.preemption)
        for position, (index, one) in enumerate(self._waiting):
            here = one.saga == ticket.saga and one.operation == ticket.operation and one.nth == ticket.nth
            if here and one.run not in self._ended:
                del self._waiting[position]
                self._frames = [below for below in self._frames if below.saga != one.run]
                self._frames.append(_Frame(one.run, one.until, index, one.together))
                return self._to(one.run, Passed.PREEMPTED, held=ticket.saga, preemption=index)
        return None

    def answered(self, saga: int, mark: Hashable) -> Turn | None:
        """A saga was answered. mark: equal for equal requests with equal answers.

        Returns to whom the turn passes, where the saga only repeats itself and another one could go on.
        """
        latest, repeated = self._latest[saga], self._repeated[saga]
        if mark not in latest:
            latest.append(mark)
            repeated.clear()
            self._stuck.clear()
            return None
        repeated.append(mark)
        if saga not in self._stuck and len(repeated) < REPEATS * len(set(repeated)):
            return None
        return self._waits(saga)

    def idle(self) -> Turn | None:
        """Nothing is under way and no time is waited for: the saga that goes on waits without a call.

        Returns as `answered` does.
        """
        return self._waits(self._frames[-1].saga) if self._frames else None

    def alive(self) -> tuple[int, ...]:
        """The sagas that have begun and not ended."""
        return tuple(sorted(self._begun - self._ended))

    def _waits(self, saga: int) -> Turn | None:
        others = [one for one in self.alive() if one != saga]
        if self.free or not others or not self.goes_on(saga):
            return None
        self._stuck.add(saga)
        if self._stuck.issuperset(others):
            self.free, self.waited = True, tuple(sorted(self._stuck))
            return None
        able = [one for one in others if one not in self._stuck]
        below = [frame.saga for frame in self._frames if frame.saga in able]
        chosen = below[-1] if below else able[0]
        preemption = self._frames[-1].preemption
        self._frames = [frame for frame in self._frames if frame.saga not in (saga, chosen)]
        self._frames.append(_Frame(chosen))
        return self._to(chosen, Passed.WAITS, held=saga, preemption=preemption)

    def ended(self, saga: int) -> Turn | None:
        """A saga ended: to whom the turn passes, if it had it and anybody is left."""
        self._ended.add(saga)
        self._stuck.clear()
        had = bool(self._frames) and self._frames[-1].saga == saga
        preemption = self._frames[-1].preemption if had else None
        self._frames = [frame for frame in self._frames if frame.saga != saga]
        if self.free or not had:
            return None
        if self._frames:
            return self._to(self._frames[-1].saga, Passed.ENDED, preemption=preemption)
        return self._next(Passed.ENDED) if self._left() else None

    def heal(self) -> tuple[int, ...]:
        """Nobody is held any longer; returns the sagas that are still to begin."""
        self.free = True
        late = tuple(one for one in self._sagas if one not in self._begun)
        self._begun.update(late)
        return late

    def _left(self) -> list[int]:
        return [one for one in self._sagas if one not in self._ended]

    def _next(self, why: Passed) -> Turn:
        """The first that is left: one that stands at a call goes on before another begins."""
        left = self._left()
        chosen = next((one for one in left if one in self._begun), left[0])
        self._frames.append(_Frame(chosen))
        return self._to(chosen, Passed.NEXT if chosen not in self._begun else why)

    def _to(self, saga: int, why: Passed, *, held: int | None = None, preemption: int | None = None) -> Turn:
        begins = saga not in self._begun
        self._begun.add(saga)
        return Turn(saga=saga, why=why, begins=begins, held=held, preemption=preemption)


def _is_at(site: Site | None, ticket: Ticket) -> bool:
    return site is not None and (site.operation, site.nth) == (ticket.operation, ticket.nth)
