"""What a guided search is to run next: the most relevant plans first, in batches.

Batches rather than single plans, so that runs go side by side and their order is the same every time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain, zip_longest

from harness.faults.enabled import Possible
from harness.inputs import InputRef
from harness.plan import Fault, FaultPlan, Lasting, Site
from harness.search.run_summary import Job, RunSummary

SINGLES = 1
"""The phase of single faults, those behind an abort included. Phase n > 1 is that of plans of n faults."""


SINGLE = "single"
"""How the parts of the search begin that single faults are."""


class Rank(IntEnum):
    """Within a phase, what comes first. Lasting: for ever; counted: two and three calls."""

    ABORTS = 0  # what surely makes a saga abort shows every undo that a fault can strike
    OWN_SERVICES = 1  # what shows a mistake of a participant that is a service of the user's
    DECISIVE = 2  # at the pivot and after it
    DECISIVE_LASTING = 3
    UNDOS = 4  # while compensating
    OTHERS = 5
    OTHERS_LASTING = 6
    UNDOS_LASTING = 7
    COUNTED = 8
    LATECOMERS = 9  # operations that nothing else reached
    VIOLATED = 10  # at undos of a run that violated something
    LAST = 11

    @property
    def lasting(self) -> Rank:
        """Of the same plan with a fault for ever."""
        return _LASTING.get(self, self)


_LASTING = {
    Rank.ABORTS: Rank.DECISIVE_LASTING,
    Rank.OWN_SERVICES: Rank.OTHERS_LASTING,
    Rank.DECISIVE: Rank.DECISIVE_LASTING,
    Rank.UNDOS: Rank.UNDOS_LASTING,
    Rank.OTHERS: Rank.OTHERS_LASTING,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planned:
    """One plan to run. parent: the run to which its newest fault was added. phase, rank: when its turn is.

    tries: how often it was run, this time included.
    """

    input_index: InputRef
    plan: FaultPlan
    parent: RunSummary
    newest: Possible
    phase: int
    rank: Rank
    tries: int = 1

    @property
    def job(self) -> Job:
        """What a job runner is given."""
        return self.input_index, self.plan

    @property
    def part(self) -> str:
        """What part of the search it belongs to, in words."""
        if self.phase > SINGLES:
            return part_of(self.phase)
        if len(self.plan.faults) > 1:
            return "single faults while compensating"
        return "single faults" if self.newest.kind.process_fault is None else "single process faults"

    def with_counts(self, plan: FaultPlan) -> Planned:
        """The same faults, one of them with another count."""
        lasting = any(
            one.count is Lasting.FOR_EVER is not before.count
            for one, before in zip(plan.faults, self.plan.faults, strict=True)
        )
        rank = self.rank.lasting if lasting else max(self.rank, Rank.COUNTED)
        return Planned(
            input_index=self.input_index,
            plan=plan,
            parent=self.parent,
            newest=self.newest,
            phase=self.phase,
            rank=rank,
        )


def part_of(faults: int) -> str:
    """The part of the search that plans of so many faults are."""
    return "pairs of faults" if faults == 2 else f"plans of {faults} faults"


class Agenda:
    """Plans by phase and rank. A batch is all of one rank."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, Rank], list[Planned]] = {}

    def __len__(self) -> int:
        return sum(len(found) for found in self._waiting.values())

    def add(self, planned: Planned) -> None:
        """Wait for its turn."""
        self._waiting.setdefault((planned.phase, planned.rank), []).append(planned)

    def has(self, phase: int, rank: Rank = Rank.LAST) -> bool:
        """Whether anything of a phase up to a rank of it, or of a phase before it, is waiting."""
        return any(found <= (phase, rank) for found in self._waiting)

    def take(self) -> list[Planned]:
        """The next batch; process faults and others take turns in it."""
        return in_turns(self._waiting.pop(min(self._waiting)))

    def parts(self) -> Counter[str]:
        """How many plans of which part are waiting."""
        return Counter(one.part for key in sorted(self._waiting) for one in self._waiting[key])


def in_turns(batch: Sequence[Planned]) -> list[Planned]:
    """One process fault, then one fault of a call, in turn: neither keeps the other waiting."""
    process = [one for one in batch if one.newest.kind.process_fault is not None]
    calls = [one for one in batch if one.newest.kind.process_fault is None]
    return [one for one in chain.from_iterable(zip_longest(process, calls)) if one is not None]


def fault_at(possible: Possible, site: Site) -> Fault:
    """A fault of one call."""
    return Fault(
        kind=possible.kind.name,
        operation=possible.operation,
        nth=site.nth,
        variant=possible.variant,
        saga=site.saga,
    )
