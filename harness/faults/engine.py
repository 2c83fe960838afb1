"""Asks a plan what strikes a call: the first fault that covers it wins.

Counts the calls of each operation, and knows which participants are away. A fault that strikes between
two calls leaves the calls themselves to the others: it is asked for on its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from harness.participant import Operation
from harness.participant.resource import Matched
from harness.plan.decision import Decision
from harness.plan.moments import Moment, moment_of
from harness.plan.types import Fault, FaultKind, FaultPlan, Lasting, Target
from harness.saga import Direction


class FaultMatch(msgspec.Struct, frozen=True, kw_only=True):
    """Fault `fault` of the plan, of a kind, and what it does with the call."""

    fault: int
    kind: str
    variant: str
    decision: Decision


_Place = tuple[int, str | None, Direction | None, bool]
"""A fault, the operation and direction that it strikes, and whether it has struck its participant before."""


class FaultEngine:
    """The plan of one run, and how far it got. `left_in_doubt`: see `Scenario`."""

    def __init__(
        self, plan: FaultPlan, kinds: Mapping[str, FaultKind], left_in_doubt: frozenset[str] = frozenset()
    ) -> None:
        self._left_in_doubt = left_in_doubt
        numbered = [(index, fault, kinds[fault.kind]) for index, fault in enumerate(plan.faults)]
        self._faults = [one for one in numbered if not _strikes_between(one[1], one[2])]
        self._between = [one for one in numbered if _strikes_between(one[1], one[2])]
        self._struck_at_start: Counter[int] = Counter()
        self._counts: Counter[str] = Counter()
        self._counts_of: Counter[tuple[str, int]] = Counter()  # by operation and number of the saga
        self._away: dict[int, int | None] = {}  # fault to refusals left, None: until healed
        self._begun: set[int] = set()
        self._after_first: set[int] = set()  # faults of a whole participant that have struck before
        self._matches: dict[_Place, FaultMatch | None] = {}

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

    def counted_of(self, operation: Operation | None, saga: int | None) -> int:
        """How many calls of an operation a saga sent so far; 0 for one that is none of the run."""
        return 0 if operation is None or saga is None else self._counts_of[operation.name, saga]

    def strike(
        self,
        matched: Matched | None,
        direction: Direction | None,
        participant: str,
        saga: int | None = None,
    ) -> FaultMatch | None:
        """Count the call, and find what strikes it. `saga`: the number of the saga that sent it."""
        if matched is not None:
            self._counts[matched.operation.name] += 1
            if saga is not None:
                self._counts_of[matched.operation.name, saga] += 1
        for index, fault, kind in self._faults:
            if self._covers(index, fault, kind, matched, participant, saga):
                struck = self._strike(index, fault, kind, matched, direction)
                if struck is not None:
                    return struck
        return None

    def after(
        self,
        matched: Matched,
        nth: int,
        direction: Direction | None,
        saga: int | None = None,
        nth_of_saga: int = 0,
    ) -> Iterator[tuple[Moment, FaultMatch]]:
        """What strikes between the nth call of an operation and the next request, and at which moment.

        saga: the number of the saga that sent the call, and `nth_of_saga` the call's among those of it.
        """
        for index, fault, kind in self._between:
            moment = moment_of(fault.variant)
            number = nth if fault.saga is None else nth_of_saga if fault.saga == saga else 0
            here = fault.operation == matched.operation.name and fault.covers(number)
            if moment is None or moment.first or not here:
                continue
            target = self.target(matched.operation, direction, fault.count)
            if kind.impossible(target) is None:
                yield moment, _match_of(index, fault, kind, target)

    def at_start(self, change: int, saga: int | None = None) -> FaultMatch | None:
        """What strikes an executor that has sent nothing yet, as it changes its store for the nth time.

        Its first call is known to nobody. The fault names it: as many calls of that operation came before.
        saga: the number of its saga.
        """
        for index, fault, kind in self._between:
            if fault.saga is not None and fault.saga != saga:
                continue
            next_call = self._so_far(fault) + 1
            if moment_of(fault.variant) != Moment(change=change, first=True) or not fault.covers(next_call):
                continue
            if isinstance(fault.count, Lasting) or self._struck_at_start[index] < fault.count:
                self._struck_at_start[index] += 1
                return _match_of(index, fault, kind, None)
        return None

    def ended(self, matched: Matched | None, saga: int | None = None) -> None:
        """A call of a saga ended: an outage may begin after it."""
        if not self._faults or matched is None:
            return
        for index, fault, kind in self._faults:
            here = _may_be_at(fault, matched, saga) and self._so_far(fault) >= fault.nth
            if kind.after_site and here and index not in self._begun:
                self._begin(index, fault)

    def heal(self) -> None:
        """From now on nothing strikes."""
        self._faults = []
        self._between = []

    def restarted(self) -> None:
        """The saga's process came back: what lasts until then is over."""
        self._faults = [one for one in self._faults if one[1].count is not Lasting.UNTIL_RESTART]
        self._between = [one for one in self._between if one[1].count is not Lasting.UNTIL_RESTART]

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
        self,
        index: int,
        fault: Fault,
        kind: FaultKind,
        matched: Matched | None,
        participant: str,
        saga: int | None,
    ) -> bool:
        if not kind.whole_participant:
            return (
                matched is not None and _may_be_at(fault, matched, saga) and fault.covers(self._so_far(fault))
            )
        if index in self._begun:
            self._after_first.add(index)
            return fault.operation.partition(".")[0] == participant and self._away[index] != 0
        starts = matched is not None and _may_be_at(fault, matched, saga)
        if kind.after_site or not starts or self._so_far(fault) != fault.nth:
            return False
        self._begin(index, fault)
        return True

    def _so_far(self, fault: Fault) -> int:
        """How many of the calls were sent among which a fault counts."""
        if fault.saga is None:
            return self._counts[fault.operation]
        return self._counts_of[fault.operation, fault.saga]

    def _begin(self, index: int, fault: Fault) -> None:
        self._begun.add(index)
        self._away[index] = None if isinstance(fault.count, Lasting) else fault.count

    def _strike(
        self, index: int, fault: Fault, kind: FaultKind, matched: Matched | None, direction: Direction | None
    ) -> FaultMatch | None:
        later = index in self._after_first
        if kind.whole_participant and (later or kind.then is None):
            left = self._away[index]
            self._away[index] = None if left is None else left - 1
        place = index, None if matched is None else matched.operation.name, direction, later
        if place not in self._matches:  # a fault that lasts strikes the same operation again and again
            self._matches[place] = self._match(index, fault, kind, matched, direction)
        return self._matches[place]

    def _match(
        self, index: int, fault: Fault, kind: FaultKind, matched: Matched | None, direction: Direction | None
    ) -> FaultMatch | None:
        variant = kind.meant(fault.variant)
        target = None
        if matched is not None:
            target = self.target(matched.operation, direction, fault.count)
            if kind.impossible(target) is not None or not _meant_for(kind, matched.operation):
                return None
        later = index in self._after_first
        decision = kind.then if later and kind.then is not None else kind.decide(variant, target)
        return FaultMatch(fault=index, kind=kind.name, variant=variant, decision=decision)


def _may_be_at(fault: Fault, matched: Matched, saga: int | None) -> bool:
    """Whether a call is one of those among which a fault counts."""
    return fault.operation == matched.operation.name and (fault.saga is None or fault.saga == saga)


def _meant_for(kind: FaultKind, operation: Operation) -> bool:
    """Deliveries of messages have kinds of their own; a bus that is away delivers nothing either."""
    return kind.whole_participant or kind.deliveries == operation.delivery


def _strikes_between(fault: Fault, kind: FaultKind) -> bool:
    return kind.between and moment_of(fault.variant) is not None


def _match_of(index: int, fault: Fault, kind: FaultKind, target: Target | None) -> FaultMatch:
    return FaultMatch(
        fault=index, kind=kind.name, variant=fault.variant, decision=kind.decide(fault.variant, target)
    )
