"""The single faults that a pass owes (RULES §5): which fired, which cannot strike, which are missing.

What strikes calls is owed at every operation that a fault-free run reached. What befalls the process is
owed as its claim says: a crash at every boundary of each of those calls, at every boundary once more on
the way back, and at every moment between two calls (`between`); another node, a race, a freeze and a
cancel once for each step; each way of starting twice once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.blows import Blow
from harness.campaign.between import Between
from harness.campaign.tally import Tally
from harness.faults.unlocked import Possible, Unlocked
from harness.plan import Fault
from harness.report_model import Impossible
from harness.saga import Direction
from harness.scenario import Scenario
from harness.situations import undoes

ONCE_A_STEP = frozenset({Blow.MOVE, Blow.RACE, Blow.FREEZE, Blow.CANCEL})
NOTHING_FOLLOWS = "without another fault no call at that participant that may be struck follows it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Single faults that were owed: those that could not strike, and those that should have and did not."""

    impossible: tuple[Impossible, ...]
    unfired: tuple[Fault, ...]


def coverage(scenario: Scenario, world: str, tally: Tally) -> Coverage:
    """What the claims of a scenario unlock, against what fired."""
    owed = _Owed(scenario, Unlocked(scenario, world), tally)
    return Coverage(impossible=tuple(owed.impossible()), unfired=tuple(owed.unfired()))


class _Owed:
    def __init__(self, scenario: Scenario, unlocked: Unlocked, tally: Tally) -> None:
        self._scenario = scenario
        self._unlocked = unlocked
        self._tally = tally
        self._reached = tally.reached()
        self._between = Between(unlocked, tally)
        self._steps = tuple(dict.fromkeys(step.action for step in scenario.spec.steps))

    def impossible(self) -> Iterator[Impossible]:
        """With the reason, at each operation that a fault-free run reached."""
        for operation in self._reached:
            for one in self._unlocked.impossible(operation):
                yield Impossible(fault=one.kind, operation=operation, reason=one.reason)
            missing = (one.kind.name for one in self._possible(operation) if self._nothing_follows(one))
            for kind in dict.fromkeys(missing):
                yield Impossible(fault=kind, operation=operation, reason=NOTHING_FOLLOWS)
        yield from self._between.impossible()

    def unfired(self) -> Iterator[Fault]:
        """Possible, owed and never seen to fire."""
        for operation in self._reached:
            possible = self._possible(operation)
            yield from self._missing_at(operation, (one for one in possible if _everywhere(one)))
            if operation in self._steps:
                yield from self._missing_once(one for one in possible if one.kind.blow in ONCE_A_STEP)
        yield from self._missing_starts()
        if undoes(self._scenario):
            yield from self._missing_on_the_way_back()
        yield from self._between.unfired()

    def _possible(self, operation: str) -> tuple[Possible, ...]:
        return self._unlocked.possible[operation]

    def _missing_at(self, operation: str, owed: Iterable[Possible]) -> Iterator[Fault]:
        for one in owed:
            if not self._fired(one, [operation]) and not self._nothing_follows(one):
                yield _fault(one)

    def _missing_once(self, owed: Iterable[Possible]) -> Iterator[Fault]:
        """One of its variants is enough."""
        by_kind: dict[str, list[Possible]] = {}
        for one in owed:
            by_kind.setdefault(one.kind.name, []).append(one)
        for variants in by_kind.values():
            if not any(self._fired(one, [one.operation]) for one in variants):
                yield _fault(variants[0])

    def _missing_starts(self) -> Iterator[Fault]:
        starts = [
            one
            for operation in self._reached
            for one in self._possible(operation)
            if one.kind.blow is Blow.START_AGAIN
        ]
        yield from self._missing_anywhere(starts)

    def _missing_on_the_way_back(self) -> Iterator[Fault]:
        crashes = [
            one
            for operation in self._undos()
            for one in self._possible(operation)
            if one.kind.blow is Blow.CRASH
        ]
        yield from self._missing_anywhere(crashes)

    def _missing_anywhere(self, owed: list[Possible]) -> Iterator[Fault]:
        """Each variant once, wherever."""
        operations = tuple(dict.fromkeys(one.operation for one in owed))
        first = {one.variant: one for one in reversed(owed)}
        for variant in dict.fromkeys(one.variant for one in owed):
            if not self._fired(first[variant], operations):
                yield _fault(first[variant])

    def _undos(self) -> Iterator[str]:
        """Those of the steps first: they are the ones that a saga is sure to have."""
        declared = [step.compensation for step in self._scenario.spec.steps if step.compensation is not None]
        for operation in dict.fromkeys((*declared, *self._scenario.operations)):
            if self._unlocked.target(operation).direction is Direction.COMPENSATION:
                yield operation

    def _fired(self, one: Possible, operations: Iterable[str]) -> bool:
        fired = self._tally.fired_variants
        return any((one.kind.name, operation, one.variant) in fired for operation in operations)

    def _nothing_follows(self, one: Possible) -> bool:
        """Whether a fault that strikes the next call there has none to strike, and struck none."""
        if not one.kind.after_site or self._fired(one, [one.operation]):
            return False
        participant = one.operation.partition(".")[0]
        for digest in self._tally.fault_free.values():
            names = [site.operation for site, _ in digest.sites]
            later = names[names.index(one.operation) + 1 :] if one.operation in names else []
            if any(name.partition(".")[0] == participant and self._possible(name) for name in later):
                return False
        return True


def _everywhere(one: Possible) -> bool:
    return one.kind.blow is None or one.kind.blow is Blow.CRASH


def _fault(one: Possible) -> Fault:
    return Fault(kind=one.kind.name, operation=one.operation, variant=one.variant)
