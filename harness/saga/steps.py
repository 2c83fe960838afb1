"""Steps: an action and its undo, one call or several, and steps that only ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.errors import ScenarioError, misplaced


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
