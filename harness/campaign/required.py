"""The single faults that a pass requires (RULES §5): which fired, which cannot strike, which are missing.

What strikes calls is required at every operation that any run reached, with every count. Where a fault
made a run that another count of it would not change, those counts are seen as well. What strikes the
process is required as its claim says: a crash at every boundary of each of those calls, and at every
moment between two calls (`between`); another node, a race, a freeze and a cancel once for each step; each
way of starting twice once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.campaign.aggregate import Aggregate
from harness.campaign.between import Between
from harness.faults.enabled import EnabledFaults, Possible
from harness.plan import Fault, Lasting
from harness.process_faults import ProcessFault
from harness.report_model import Impossible
from harness.saga import Direction
from harness.scenario import Scenario
from harness.situations import undoes

ONCE_A_STEP = frozenset({ProcessFault.MOVE, ProcessFault.RACE, ProcessFault.FREEZE, ProcessFault.CANCEL})
NOTHING_FOLLOWS = "no call at that participant that may be struck follows it where it was tried"
HEALED = "it was called only once everything had healed, when nothing strikes any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Required single faults: those that could not strike, and those that should have and did not."""

    impossible: tuple[Impossible, ...]
    unfired: tuple[Fault, ...]


def coverage(scenario: Scenario, world: str, aggregate: Aggregate) -> Coverage:
    """What the claims of a scenario unlock, against what fired."""
    required = _Required(scenario, EnabledFaults(scenario, world), aggregate)
    return Coverage(impossible=tuple(required.impossible()), unfired=tuple(required.unfired()))


class _Required:
    def __init__(self, scenario: Scenario, enabled: EnabledFaults, aggregate: Aggregate) -> None:
        self._scenario = scenario
        self._enabled = enabled
        self._aggregate = aggregate
        self._reached = aggregate.reached()
        self._between = Between(enabled, aggregate)
        self._steps = tuple(dict.fromkeys(step.action for step in scenario.spec.steps))

    def impossible(self) -> Iterator[Impossible]:
        """With the reason, at each operation that a run reached."""
        for operation in self._reached:
            for one in self._enabled.impossible(operation):
                yield Impossible(fault=one.kind, operation=operation, reason=one.reason)
            missing = (one for one in self._possible(operation) if self._takes_another_fault(one))
            never = (one.kind.name for one in missing if not self._fired(one, [operation]))
            for kind in dict.fromkeys(never):
                yield Impossible(fault=kind, operation=operation, reason=NOTHING_FOLLOWS)
        for operation in self._aggregate.healed_only():
            yield Impossible(fault="every kind", operation=operation, reason=HEALED)
        yield from self._between.impossible()

    def unfired(self) -> Iterator[Fault]:
        """Possible, required and never seen to fire."""
        for operation in self._reached:
            possible = self._possible(operation)
            yield from self._missing_at(operation, (one for one in possible if _everywhere(one)))
            if operation in self._steps:
                yield from self._missing_once(
                    one for one in possible if one.kind.process_fault in ONCE_A_STEP
                )
        yield from self._missing_starts()
        if undoes(self._scenario):
            yield from self._missing_on_the_way_back()
        yield from self._between.unfired()

    def _possible(self, operation: str) -> tuple[Possible, ...]:
        return self._enabled.possible[operation]

    def _missing_at(self, operation: str, required: Iterable[Possible]) -> Iterator[Fault]:
        for one in required:
            if self._takes_another_fault(one):
                continue
            for count in one.kind.counts:
                if (one.kind.name, operation, one.variant, count) not in self._aggregate.fired_counts:
                    yield _fault(one, count)

    def _missing_once(self, required: Iterable[Possible]) -> Iterator[Fault]:
        """One of its variants is enough."""
        by_kind: dict[str, list[Possible]] = {}
        for one in required:
            by_kind.setdefault(one.kind.name, []).append(one)
        for variants in by_kind.values():
            if not any(self._fired(one, [one.operation]) for one in variants):
                yield _fault(variants[0])

    def _missing_starts(self) -> Iterator[Fault]:
        starts = [
            one
            for operation in self._reached
            for one in self._possible(operation)
            if one.kind.process_fault is ProcessFault.START_AGAIN
        ]
        yield from self._missing_anywhere(starts)

    def _missing_on_the_way_back(self) -> Iterator[Fault]:
        crashes = [
            one
            for operation in self._undos()
            for one in self._possible(operation)
            if one.kind.process_fault is ProcessFault.CRASH
        ]
        yield from self._missing_anywhere(crashes)

    def _missing_anywhere(self, required: list[Possible]) -> Iterator[Fault]:
        """Each variant once, wherever."""
        operations = tuple(dict.fromkeys(one.operation for one in required))
        first = {one.variant: one for one in reversed(required)}
        for variant in dict.fromkeys(one.variant for one in required):
            if not self._fired(first[variant], operations):
                yield _fault(first[variant])

    def _undos(self) -> Iterator[str]:
        """Those of the steps first: they are the ones that a saga is sure to have."""
        declared = [step.compensation for step in self._scenario.spec.steps if step.compensation is not None]
        for operation in dict.fromkeys((*declared, *self._scenario.operations)):
            if self._enabled.target(operation).direction is Direction.COMPENSATION:
                yield operation

    def _fired(self, one: Possible, operations: Iterable[str]) -> bool:
        fired = self._aggregate.fired_variants
        return any((one.kind.name, operation, one.variant) in fired for operation in operations)

    def _takes_another_fault(self, one: Possible) -> bool:
        """Whether what strikes the next call there had none to strike, unless another fault led to one.

        Then it is no single fault, and how often it fired beside others is chance.
        """
        mark = (one.kind.name, one.operation, one.variant)
        tried = one.kind.after_site and mark in self._aggregate.followed_by_nothing
        return tried and mark not in self._aggregate.fired_alone


def _everywhere(one: Possible) -> bool:
    return one.kind.process_fault is None or one.kind.process_fault is ProcessFault.CRASH


def _fault(one: Possible, count: int | Lasting = 1) -> Fault:
    return Fault(kind=one.kind.name, operation=one.operation, variant=one.variant, count=count)
