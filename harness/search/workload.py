"""How much of a guided search is done, and about how much is ahead.

Plans are known only once a run has led to them. So what is ahead is estimated from what waits and from
how many plans each run has led to as yet: a fault of one call to one that lasts, that one to the counts
between, and a run that aborted to the faults on its way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from harness.plan import FaultPlan, Lasting
from harness.search.agenda import SINGLES, Planned, Rank


class Stage(Enum):
    """What a plan may lead to: another stage of the same faults, or none."""

    FIRST = "first"
    LASTING = "lasting"
    COUNTED = "counted"


ENOUGH = {SINGLES: 30}
MANY = 1000
"""Runs below which what they led to says little: of refusals, which come first, it is less than of others."""

BETWEEN = "between"
_Mark = tuple[str, int | Lasting | str]
"""A kind of fault, and how long it lasts: one call, for ever, or so many calls between them."""

_GUESSED = {Stage.LASTING: 0.6, Stage.COUNTED: 1.5, Stage.FIRST: 1.0}
"""How many plans of a stage a run leads to, where that was not seen yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """Estimated runs: what is left of the single faults, and of all."""

    singles: int = 0
    all: int = 0


class Workload:
    """Counts plans of each phase as they are found and run. depth: the last phase."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._ran: Counter[tuple[int, Stage]] = Counter()
        self._waiting: Counter[tuple[int, Stage]] = Counter()
        self._led_to: Counter[tuple[int, Stage]] = Counter()
        self._opened: Counter[int] = Counter()
        self._begun = {SINGLES}
        self._turned = _ByKind()

    def found(self, planned: Planned) -> None:
        """A plan waits for its turn. Only single faults of the fault-free runs come of no run with faults."""
        mark = planned.phase, stage_of(planned)
        self._waiting[mark] += 1
        self._led_to[mark] += mark[1] is not Stage.FIRST or len(planned.plan.faults) > 1
        self._turned.found(planned)

    def ran(self, planned: Planned) -> None:
        """A plan was run."""
        mark = planned.phase, stage_of(planned)
        self._ran[mark] += 1
        self._waiting[mark] -= 1
        self._turned.ran(planned)

    def opened(self, phase: int, plans: int) -> None:
        """So many more plans belong to a later phase."""
        self._opened[phase] += plans

    def begin(self, phase: int) -> None:
        """The plans of a phase are made from now on."""
        self._begun.add(phase)
        self._waiting[phase, Stage.FIRST] += self._opened[phase]

    def passed_over(self, phase: int) -> None:
        """A plan of a phase that was begun turned out to be no new one."""
        self._waiting[phase, Stage.FIRST] -= 1

    def unopened(self) -> Counter[int]:
        """Plans that are known of phases that were not begun."""
        return Counter({phase: n for phase, n in sorted(self._opened.items()) if phase not in self._begun})

    def ahead(self) -> Ahead:
        """About how many runs are to come."""
        singles = self._grown(SINGLES, self._waiting[SINGLES, Stage.FIRST])
        total, before = singles, self._runs(SINGLES)
        expected = before + singles
        for phase in range(2, self._depth + 1):
            if phase in self._begun:
                first = float(self._waiting[phase, Stage.FIRST])
            else:
                first = self._opened[phase] * expected / before if before else expected
            more = self._grown(phase, first)
            total, before = total + more, self._runs(phase)
            expected = before + more
        return Ahead(singles=round(singles), all=round(total))

    def _runs(self, phase: int) -> int:
        return sum(number for (of, _), number in self._ran.items() if of == phase)

    def _grown(self, phase: int, first: float) -> float:
        """What waits, with what it will lead to."""
        to_lasting = self._rate(phase, Stage.LASTING, self._ran[phase, Stage.FIRST])
        to_counted = self._rate(phase, Stage.COUNTED, self._ran[phase, Stage.LASTING])
        if phase == SINGLES:
            first += self._ways_back()
        lasting = self._waiting[phase, Stage.LASTING] + first * to_lasting
        return first + lasting + self._waiting[phase, Stage.COUNTED] + lasting * to_counted

    def _ways_back(self) -> float:
        """Faults on compensating paths not known yet: only runs that are on none themselves lead to them."""
        return self._turned.expected()

    def _rate(self, phase: int, stage: Stage, runs: int) -> float:
        return self._led_to[phase, stage] / runs if runs >= ENOUGH.get(phase, MANY) else _GUESSED[stage]


def stage_of(planned: Planned) -> Stage:
    """How long the faults of a plan last."""
    if planned.rank is Rank.COUNTED:
        return Stage.COUNTED
    return Stage.LASTING if planned.plan.faults[-1].count is Lasting.FOR_EVER else Stage.FIRST


class _ByKind:
    """Which single faults led to how many plans on ways back: a refusal to more than a lost reply does.

    By kind, and by how long they last. A count between one and for ever finds what these have found.
    """

    def __init__(self) -> None:
        self._ran: Counter[_Mark] = Counter()
        self._waiting: Counter[_Mark] = Counter()
        self._led_to: Counter[_Mark] = Counter()

    def found(self, planned: Planned) -> None:
        if planned.phase != SINGLES:
            return
        if len(planned.plan.faults) == 1:
            self._waiting[_mark_of(planned.plan)] += 1
        elif stage_of(planned) is Stage.FIRST:
            self._led_to[_mark_of(planned.parent.plan)] += 1

    def ran(self, planned: Planned) -> None:
        if planned.phase == SINGLES and len(planned.plan.faults) == 1:
            self._waiting[_mark_of(planned.plan)] -= 1
            self._ran[_mark_of(planned.plan)] += 1

    def expected(self) -> float:
        """How many more."""
        usual = self._led_to.total() / max(1, self._ran.total())
        found = 0.0
        for mark, waiting in self._waiting.items():
            unknown = 0.0 if mark[1] == BETWEEN else usual
            found += max(0, waiting) * (self._led_to[mark] / ran if (ran := self._ran[mark]) else unknown)
        return found


def _mark_of(plan: FaultPlan) -> _Mark:
    fault = plan.faults[0]
    return fault.kind, fault.count if fault.count in (1, Lasting.FOR_EVER) else BETWEEN
