"""Asks a plan what strikes a call: the first fault that covers it wins.

Counts the calls of each operation, and knows which participants are away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from harness.participant import Operation
from harness.participant.resource import Matched
from harness.plan.treatment import Treatment
from harness.plan.types import Fault, FaultKind, FaultPlan, Lasting, Target
from harness.saga import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """Fault `fault` of the plan, of a kind, and what it does with the call."""

    fault: int
    kind: str
    variant: str
    treatment: Treatment


class FaultEngine:
    """The plan of one run, and how far it got. `left_in_doubt`: see `Scenario`."""

    def __init__(
        self, plan: FaultPlan, kinds: Mapping[str, FaultKind], left_in_doubt: frozenset[str] = frozenset()
    ) -> None:
        self._left_in_doubt = left_in_doubt
        self._faults = [(index, fault, kinds[fault.kind]) for index, fault in enumerate(plan.faults)]
        self._counts: Counter[str] = Counter()
        self._away: dict[int, int | None] = {}  # fault to refusals left, None: until healed
        self._begun: set[int] = set()
        self._after_first: set[int] = set()  # faults of a whole participant that have struck before

    def counted(self, operation: Operation | None) -> int:
        """How many calls of an operation there were so far."""
        return self._counts[operation.name] if operation is not None else 0

    def target(self, operation: Operation, direction: Direction | None, count: int | Lasting = 1) -> Target:
        """What a fault at an operation would strike in this run."""
        return Target(
            operation=operation,
            direction=direction,
            count=count,
            irreversible=operation.name in self._left_in_doubt,
        )

    def strike(self, matched: Matched | None, direction: Direction | None, participant: str) -> Strike | None:
        """Count the call, and find what strikes it."""
        if matched is not None:
            self._counts[matched.operation.name] += 1
        for index, fault, kind in self._faults:
            if self._covers(index, fault, kind, matched, participant):
                struck = self._strike(index, fault, kind, matched, direction)
                if struck is not None:
                    return struck
        return None

    def ended(self, matched: Matched | None) -> None:
        """A call ended: an outage may begin after it."""
        if not self._faults or matched is None:
            return
        for index, fault, kind in self._faults:
            here = fault.operation == matched.operation.name and self._counts[fault.operation] >= fault.nth
            if kind.after_site and here and index not in self._begun:
                self._begin(index, fault)

    def heal(self) -> None:
        """From now on nothing strikes."""
        self._faults = []

    def restarted(self) -> None:
        """The saga's process came back: what lasts until then is over."""
        self._faults = [one for one in self._faults if one[1].count is not Lasting.UNTIL_RESTART]

    def away(self, participant: str) -> bool:
        """Whether the next call at a participant finds nobody, unless another fault strikes it first."""
        return any(
            index in self._begun
            and self._away[index] != 0
            and fault.operation.partition(".")[0] == participant
            for index, fault, _ in self._faults
        )

    def begun(self, index: int) -> bool:
        """Whether a fault that strikes a whole participant has begun."""
        return index in self._begun

    def _covers(
        self, index: int, fault: Fault, kind: FaultKind, matched: Matched | None, participant: str
    ) -> bool:
        if not kind.whole_participant:
            return (
                matched is not None
                and fault.operation == matched.operation.name
                and fault.covers(self._counts[fault.operation])
            )
        if index in self._begun:
            self._after_first.add(index)
            return fault.operation.partition(".")[0] == participant and self._away[index] != 0
        starts = matched is not None and matched.operation.name == fault.operation
        if kind.after_site or not starts or self._counts[fault.operation] != fault.nth:
            return False
        self._begin(index, fault)
        return True

    def _begin(self, index: int, fault: Fault) -> None:
        self._begun.add(index)
        self._away[index] = None if isinstance(fault.count, Lasting) else fault.count

    def _strike(
        self, index: int, fault: Fault, kind: FaultKind, matched: Matched | None, direction: Direction | None
    ) -> Strike | None:
        variant = kind.meant(fault.variant)
        later = index in self._after_first
        if kind.whole_participant and (later or kind.then is None):
            left = self._away[index]
            self._away[index] = None if left is None else left - 1
        target = None
        if matched is not None:
            target = self.target(matched.operation, direction, fault.count)
            if kind.impossible(target) is not None:
                return None
        treatment = kind.then if later and kind.then is not None else kind.treat(variant, target)
        return Strike(fault=index, kind=kind.name, variant=variant, treatment=treatment)
