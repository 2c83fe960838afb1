"""The description of a saga: its steps, its pivot, its policy, and its claims.

Owns the vocabulary (step, compensation, pivot, claim, outcome) as pure data. Refuses to know
how a saga runs, where its participants live, or what is done to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.errors import ScenarioError, misplaced, nearest

if TYPE_CHECKING:
    Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
else:
    Json = Any  # msgspec reads annotations at run time and knows no recursive alias


class StepKind(StrEnum):
    """Undone on abort; the point of no return; retried forward until it succeeds."""

    COMPENSABLE = "compensable"
    PIVOT = "pivot"
    RETRIABLE = "retriable"


class Direction(StrEnum):
    """Which way a call of a step goes."""

    ACTION = "action"
    COMPENSATION = "compensation"

    __hash__ = str.__hash__  # the hash of Enum is written in Python, and every view of a run needs it


class Claim(StrEnum):
    """A guarantee that a saga claims; faults of guarantees that it does not claim are not sent."""

    PROCESS_DEATH = "process_death"
    OTHER_NODE = "other_node"
    RETRY_ELSEWHERE = "retry_elsewhere"
    IRREVERSIBLE_STEP = "irreversible_step"
    LOST_REPLY = "lost_reply"
    DUPLICATE_START = "duplicate_start"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaStart:
    """One saga of a run: its id, its input, and when it begins, in seconds from the beginning of the run."""

    id: str
    input: Json
    at_s: float = 0.0


MOST_SAGAS = 5
"""In one run."""

MOST_PREEMPTIONS = 8
"""Of one plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Several sagas in one run: how many, and how many preemptions interleave them in guided search.

    Raises ScenarioError for fewer than two sagas, or more of either than a plan may have.
    """

    sagas: int = 2
    preemptions: int = 2

    def __post_init__(self) -> None:
        if not 2 <= self.sagas <= MOST_SAGAS:
            raise ScenarioError(misplaced("overlap, sagas", self.sagas, f"2 to {MOST_SAGAS}"))
        if not 0 <= self.preemptions <= MOST_PREEMPTIONS:
            raise ScenarioError(
                misplaced("overlap, preemptions", self.preemptions, f"0 to {MOST_PREEMPTIONS}")
            )


class Status(StrEnum):
    """How a saga says that it ended. `running` is not an end."""

    COMPLETED = "completed"
    COMPENSATED = "compensated"
    STUCK = "stuck"
    RUNNING = "running"


class Choice(StrEnum):
    """Whether an undo must, may or must never be sent."""

    MUST = "must"
    MAY = "may"
    NEVER = "never"


class Order(StrEnum):
    """In which order compensations run."""

    STRICT = "strict"
    DEPENDENCY = "dependency"
    NONE = "none"


class OnFailedCompensation(StrEnum):
    """What a saga does with an undo that keeps failing."""

    STUCK = "stuck"
    FOREVER = "forever"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a saga returns. `detail` may hold `error` (the first cause) and `log` ([step, word] pairs)."""

    status: Status
    detail: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action and its undo, each an operation `participant.resource.verb`.

    `after` is None for "the step before", () for "nothing", or names: a DAG. part_of: the step that this
    is one call of, where it has several (`several_calls`).
    """

    name: str
    action: str
    compensation: str | None = None
    kind: StepKind = StepKind.COMPENSABLE
    after: tuple[str, ...] | None = None
    optional: bool = False
    part_of: str = ""

    @property
    def resource(self) -> str:
        """`participant.resource` of the action."""
        return self.action.rpartition(".")[0]

    @property
    def whole(self) -> str:
        """The step that its owner knows: itself, or the one that it is a call of."""
        return self.part_of or self.name


def several_calls(
    name: str,
    calls: Mapping[str, str | None],
    *,
    kind: StepKind = StepKind.COMPENSABLE,
    after: tuple[str, ...] | None = None,
    optional: bool = False,
) -> tuple[Step, ...]:
    """A step of several calls, each an action with its undo, or None: applied when all of them are.

    Each call is judged like a step: applied or not, undone or not, with a key of its own. They have no order
    among themselves. Each is called `STEP/RESOURCE`, or `STEP/PARTICIPANT.RESOURCE` where that is not unique.
    Raises ScenarioError where there are fewer than two, or the step is the pivot, which is one call.
    """
    where = f"step {name!r}"
    if len(calls) < 2:
        raise ScenarioError(misplaced(f"{where}, actions", list(calls), "at least two"))
    if kind is StepKind.PIVOT:
        raise ScenarioError(
            misplaced(f"{where}, kind", str(kind), "a step of one call: no two calls are one point")
        )
    resources = [action.split(".")[1] if "." in action else action for action in calls]
    names = [
        resource if resources.count(resource) == 1 else action.rpartition(".")[0]
        for action, resource in zip(calls, resources, strict=True)
    ]
    if len(set(names)) < len(names):
        names = list(calls)
    return tuple(
        Step(
            name=f"{name}/{one}",
            action=action,
            compensation=undo,
            kind=kind,
            after=after,
            optional=optional,
            part_of=name,
        )
        for one, (action, undo) in zip(names, calls.items(), strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStep:
    """A step that only asks: `reads` is a query, `participant.resource.get` or `.find`.

    It leaves nothing to undo. A saga that says completed without an answer to it says what it cannot know.
    """

    name: str
    reads: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaPolicy:
    """Where correct sagas differ (RULES, `[saga.policy]`).

    order: None: see `SagaSpec.order`. retry_after: `must` or `may`; whether a Retry-After is to be kept.
    """

    failed_step: Choice = Choice.MAY
    untried_step: Choice = Choice.NEVER
    order: Order | None = None
    failed_compensation: OnFailedCompensation = OnFailedCompensation.STUCK
    max_attempts: int = 12
    min_gap_s: float = 0.01
    key_header: str = "Idempotency-Key"
    retry_after: Choice = Choice.MAY


SAGA_ID = "{saga_id}"
"""What stands for the saga's id in the pattern of a correlation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Where a request says whose it is (RULES §2, `[saga.correlation]`).

    field: a path a.b.c in the JSON body, and a parameter of the query. header: of the request.
    pattern: how the saga's id stands in what was found there, and in the key: `order-{saga_id}`.
    Raises ScenarioError where the pattern does not hold `{saga_id}` once, or a name is empty.
    """

    field: str = "saga_id"
    header: str | None = None
    pattern: str = SAGA_ID

    def __post_init__(self) -> None:
        if self.pattern.count(SAGA_ID) != 1:
            raise ScenarioError(misplaced("correlation, pattern", self.pattern, f"{SAGA_ID} in it, once"))
        if not all(self.field.split(".")):
            raise ScenarioError(misplaced("correlation, field", self.field, "a name, or a path a.b.c"))
        if self.header == "":
            raise ScenarioError(misplaced("correlation, header", self.header, "the name of a header"))


@dataclass(frozen=True, kw_only=True)
class SagaSpec:
    """A saga as its owner describes it.

    Raises ScenarioError where two steps share a name, `after` names no step or makes a circle,
    or more than one step is the pivot.
    """

    name: str
    steps: tuple[Step, ...]
    policy: SagaPolicy = field(default_factory=SagaPolicy)
    claims: frozenset[Claim] = frozenset({Claim.LOST_REPLY})
    correlation: Correlation = field(default_factory=Correlation)
    reads: tuple[ReadStep, ...] = ()

    def __post_init__(self) -> None:
        _check_names(self)
        _check_order(self)
        pivots = [step.name for step in self.steps if step.kind is StepKind.PIVOT]
        if len(pivots) > 1:
            raise ScenarioError(misplaced(f"saga {self.name!r}, steps", pivots, "at most one pivot"))

    def __repr__(self) -> str:
        claims = ", ".join(f"Claim.{claim.name}" for claim in sorted(self.claims))
        return (
            f"SagaSpec(name={self.name!r}, steps={self.steps!r}, policy={self.policy!r}, "
            f"claims=frozenset({{{claims}}}), correlation={self.correlation!r}, reads={self.reads!r})"
        )

    @cached_property
    def by_name(self) -> Mapping[str, Step]:
        """Steps by name."""
        return {step.name: step for step in self.steps}

    @cached_property
    def calls_of(self) -> Mapping[str, tuple[str, ...]]:
        """What its owner calls a step to the names of its calls: one, or several (`several_calls`)."""
        found: dict[str, tuple[str, ...]] = {}
        for step in self.steps:
            found[step.whole] = (*found.get(step.whole, ()), step.name)
        return found

    def calls_named(self, step: str) -> tuple[str, ...]:
        """What a saga may tell of: a step, or one of its calls; none where it is neither."""
        return self.calls_of.get(step) or ((step,) if step in self.by_name else ())

    @cached_property
    def pivot(self) -> Step | None:
        """The point of no return, where there is one."""
        return next((step for step in self.steps if step.kind is StepKind.PIVOT), None)

    @cached_property
    def order(self) -> Order:
        """The policy's order; by default `dependency` as soon as any step sets `after`."""
        if self.policy.order is not None:
            return self.policy.order
        graph = any(step.after is not None for step in self.steps)
        return Order.DEPENDENCY if graph else Order.STRICT

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """Step name to the names it directly comes after."""
        before: dict[str, tuple[str, ...]] = {}
        previous: tuple[str, ...] = ()
        for whole, names in self.calls_of.items():
            after = self.by_name[names[0]].after
            own = previous if after is None else self._named(after)
            before.update(dict.fromkeys(names, own))
            previous = self.calls_of[whole]
        return before

    def _named(self, steps: tuple[str, ...]) -> tuple[str, ...]:
        """The calls of steps; what names none of them stands as it is."""
        return tuple(name for step in steps for name in self.calls_of.get(step, (step,)))

    @cached_property
    def ancestors(self) -> Mapping[str, frozenset[str]]:
        """Step name to all the steps that come before it."""
        known: dict[str, frozenset[str]] = {}
        for name in self._topological():
            direct = self.parents[name]
            known[name] = frozenset(direct).union(*(known[parent] for parent in direct))
        return known

    def undone_before(self, name: str) -> tuple[str, ...]:
        """The steps whose undo must come before the undo of `name`, by the saga's order."""
        if self.order is Order.NONE:
            return ()
        if self.order is Order.DEPENDENCY:
            return tuple(step.name for step in self.steps if name in self.ancestors[step.name])
        names = [step.name for step in self.steps]
        own = self.calls_of[self.by_name[name].whole]
        return tuple(one for one in names[names.index(name) + 1 :] if one not in own)

    def _topological(self) -> list[str]:
        done: list[str] = []
        waiting = [step.name for step in self.steps]
        while waiting:
            ready = [name for name in waiting if all(parent in done for parent in self.parents[name])]
            if not ready:
                raise ScenarioError(
                    misplaced(f"saga {self.name!r}, after", waiting, "steps without a circle")
                )
            done += ready
            waiting = [name for name in waiting if name not in ready]
        return done


def _check_names(spec: SagaSpec) -> None:
    names = [*(step.name for step in spec.steps), *(step.name for step in spec.reads)]
    names += [step.part_of for step in spec.steps if step.part_of in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ScenarioError(
            misplaced(f"saga {spec.name!r}, steps", twice[0], "a name of its own for each step")
        )
    if not spec.steps:
        raise ScenarioError(
            misplaced(f"saga {spec.name!r}, steps", names, "at least one step that changes something")
        )


def _check_order(spec: SagaSpec) -> None:
    for step in spec.steps:
        for parent in step.after or ():
            if parent not in spec.calls_of and parent not in spec.by_name:
                expected = nearest(parent, (other.whole for other in spec.steps))
                raise ScenarioError(misplaced(f"step {step.name!r}, after", parent, expected))
    spec._topological()  # noqa: SLF001 - raises on a circle, at load rather than in the middle of a run
