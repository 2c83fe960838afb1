"""A saga as its owner describes it: its steps, what comes after what, and what it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from harness.errors import ScenarioError, misplaced, nearest
from harness.saga.policy import Claim, Correlation, Order, SagaPolicy
from harness.saga.steps import ReadStep, Step, StepKind


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
    def created_by(self) -> Mapping[str, tuple[Step, ...]]:
        """The steps of each action, by the operation."""
        found: dict[str, tuple[Step, ...]] = {}
        for step in self.steps:
            found[step.action] = (*found.get(step.action, ()), step)
        return found

    @cached_property
    def at_resource(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the steps at each resource."""
        found: dict[str, tuple[str, ...]] = {}
        for step in self.steps:
            found[step.resource] = (*found.get(step.resource, ()), step.name)
        return found

    @cached_property
    def uncounted(self) -> frozenset[str]:
        """Steps before the pivot that have nothing to undo: what they leave does not count (RULES §8)."""
        return frozenset(
            step.name
            for step in self.steps
            if step.compensation is None
            and step.kind is StepKind.COMPENSABLE
            and (self.pivot is None or self.pivot.name not in self.ancestors[step.name])
        )

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
