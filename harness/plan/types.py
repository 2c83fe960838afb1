"""The types of a plan. A fault is addressed by call site, never by wall-clock time alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec

from harness.participant import Operation
from harness.plan.decision import Decision
from harness.plan.measure import Measure
from harness.plan.moments import moment_of
from harness.process_faults import ProcessFault
from harness.saga import Claim, Direction, Json


class Lasting(StrEnum):
    """How long a fault lasts that is not counted in calls. Both end at the latest when all heals."""

    FOR_EVER = "for_ever"
    UNTIL_RESTART = "until_restart"

    def __repr__(self) -> str:
        """Pastes back as Python, for a plan is copied into tests."""
        return f"{type(self).__name__}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The nth call of an operation in a run, counted from 1.

    saga: the number of a saga in the run, from 1 in the order of its starts, whose calls alone are counted;
    None: those of all sagas.
    """

    operation: str
    nth: int = 1
    saga: int | None = None

    def __repr__(self) -> str:
        return f"Site(operation={self.operation!r}, nth={self.nth!r}{_of_saga(self.saga)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, at the nth call of an operation and `count` calls in a row.

    Four draws at most: kind with its variant, operation, nth, count. saga: as in a `Site`; a participant
    that is unavailable from such a call on is unavailable for all sagas.
    """

    kind: str
    operation: str
    nth: int = 1
    count: int | Lasting = 1
    variant: str = ""
    saga: int | None = None

    def __repr__(self) -> str:
        return (
            f"Fault(kind={self.kind!r}, operation={self.operation!r}, nth={self.nth!r}, "
            f"count={self.count!r}, variant={self.variant!r}{_of_saga(self.saga)})"
        )

    def covers(self, nth: int) -> bool:
        """Whether the nth call of the operation lies within the fault."""
        if nth < self.nth:
            return False
        return isinstance(self.count, Lasting) or nth < self.nth + self.count


def _of_saga(saga: int | None) -> str:
    """Of a repr: nothing where no saga is named, as in runs of a single one."""
    return "" if saga is None else f", saga={saga!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preemption:
    """When a saga reaches a call, hold it there, run another saga, and then let the first one go on.

    saga: the number of the saga that is held, at the nth call of `operation` that it sends itself.
    run: the number of the saga that runs meanwhile, to its end; `until`: to that call of it, where it is held
    in its turn (its `saga` is None: it is always the one that runs). together: that call is not held, but
    delivered at the same time as the one that was, for a service that cannot do two things at once.
    """

    saga: int
    operation: str
    nth: int = 1
    run: int
    until: Site | None = None
    together: bool = False

    def __repr__(self) -> str:
        until = "" if self.until is None else f", until={self.until!r}"
        until += ", together=True" if self.together else ""
        return (
            f"Preemption(saga={self.saga!r}, operation={self.operation!r}, nth={self.nth!r}, "
            f"run={self.run!r}{until})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class FaultPlan:
    """Faults in order; where two cover one call, the first one wins.

    sagas: how many sagas the run starts. They run one after the other, save where `preemptions` say
    otherwise.
    other_inputs: of the sagas 2, 3, … each its own; the first has that of the run. Empty: all have that.
    """

    faults: tuple[Fault, ...] = ()
    preemptions: tuple[Preemption, ...] = ()
    sagas: int = 1
    other_inputs: tuple[Json, ...] = ()

    def __repr__(self) -> str:
        """Pastes back; what only runs of several sagas have is left out of others."""
        more = f", preemptions={self.preemptions!r}" if self.preemptions else ""
        more += f", sagas={self.sagas!r}" if self.sagas != 1 else ""
        more += f", other_inputs={self.other_inputs!r}" if self.other_inputs else ""
        return f"FaultPlan(faults={self.faults!r}{more})"

    def __eq__(self, other: object) -> bool:
        """Inputs are compared as JSON: 1, 1.0 and true are three."""
        if not isinstance(other, FaultPlan):
            return NotImplemented
        return self._mark == other._mark and (
            not (self.other_inputs or other.other_inputs)
            or msgspec.json.encode(self.other_inputs) == msgspec.json.encode(other.other_inputs)
        )

    def __hash__(self) -> int:
        """Inputs are left out, for they may be lists and objects."""
        return hash(self._mark)

    @property
    def _mark(self) -> tuple[tuple[Fault, ...], tuple[Preemption, ...], int]:
        return self.faults, self.preemptions, self.sagas

    @property
    def empty(self) -> bool:
        """Whether one saga runs, and nothing goes wrong."""
        return not self.faults and self.sagas == 1

    @property
    def weight(self) -> int:
        """How much a reader has to follow: faults, preemptions, and sagas beside the first."""
        return len(self.faults) + len(self.preemptions) + self.sagas - 1

    def saga_ids(self, first: str) -> tuple[str, ...]:
        """The ids of the sagas in the order of their numbers, which begin with that of the first."""
        return (first, *(f"{first}-{number}" for number in range(2, self.sagas + 1)))

    def inputs(self, first: Json) -> tuple[Json, ...]:
        """The inputs of the sagas in the order of their numbers, which begin with that of the run."""
        return (first, *(self.other_inputs or (first,) * (self.sagas - 1)))

    def with_inputs(self, inputs: Sequence[Json]) -> FaultPlan:
        """The same plan for sagas with these inputs, of which the first is that of the run."""
        texts = {msgspec.json.encode(one) for one in inputs}
        return replace(self, other_inputs=tuple(inputs[1:]) if len(texts) > 1 else ())

    def with_fault(self, fault: Fault) -> FaultPlan:
        """The same plan and one fault more."""
        return self.with_faults((*self.faults, fault))

    def with_faults(self, faults: tuple[Fault, ...]) -> FaultPlan:
        """The same sagas and preemptions with other faults."""
        return FaultPlan(faults, self.preemptions, self.sagas, self.other_inputs)

    def without(self, index: int) -> FaultPlan:
        """The same plan less the fault at `index`."""
        return self.with_faults(self.faults[:index] + self.faults[index + 1 :])

    def with_preemption(self, preemption: Preemption) -> FaultPlan:
        """The same plan and one preemption more."""
        return replace(self, preemptions=(*self.preemptions, preemption))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a fault would strike: an operation, and which way it goes for its step (None: a query).

    irreversible: an action that can be neither undone, nor repeated, nor found, of a saga that claims to
        hold all the same where its effect is in doubt.
    """

    operation: Operation
    direction: Direction | None
    count: int | Lasting = 1
    irreversible: bool = False


def _anywhere(target: Target) -> str | None:
    del target
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """One kind of fault: what it means for a call, which claim enables it, and where no saga could hold.

    decide: maps variant and target to what the fault injector does with the call; the target is None where
        the whole participant is struck and no route serves the call.
    impossible: the reason why it may not strike a target, or None.
    whole_participant: strikes every call at the participant once it has begun.
    then: of a kind that strikes a whole participant, the decision on the calls after the first, if different.
    process_fault: what strikes the process of the saga itself; None for what strikes calls alone.
    variants: those that guided search takes; `wire_variants` where they differ on the wire.
    unnamed: what a plan means that names none; by default the first variant.
    siblings: of a variant that differs from another one in one respect alone, that other one. Where a saga
        does the same under both, guided search adds further faults to the sibling only.
    measures: numbers with a unit that are variants too.
    between: whether it can also strike between two calls, by the variants of `harness.plan.moments`.
    deliveries: strikes deliveries of messages, and no request of a saga's.
    """

    name: str
    meaning: str
    decide: Callable[[str, Target | None], Decision]
    claim: Claim | None = None
    in_doubt: bool = False
    whole_participant: bool = False
    after_site: bool = False
    then: Decision | None = None
    process_fault: ProcessFault | None = None
    variants: tuple[str, ...] = ("",)
    wire_variants: tuple[str, ...] = ()
    unnamed: str = ""
    siblings: Mapping[str, str] = field(default_factory=dict, hash=False)
    measures: tuple[Measure, ...] = ()
    between: bool = False
    deliveries: bool = False
    counts: tuple[int | Lasting, ...] = (1, 2, 3, Lasting.FOR_EVER)
    impossible: Callable[[Target], str | None] = _anywhere

    @property
    def all_variants(self) -> tuple[str, ...]:
        """Those of either world."""
        return self.variants + tuple(one for one in self.wire_variants if one not in self.variants)

    def accepts(self, variant: str) -> bool:
        """Whether a plan may name it, in either world."""
        measured = any(measure.number(variant) is not None for measure in self.measures)
        moment = self.between and moment_of(variant) is not None
        return measured or moment or variant in ("", *self.all_variants)

    def meant(self, variant: str) -> str:
        """The variant itself, or the one that is meant where a plan names none."""
        return variant or self.unnamed or self.variants[0]
