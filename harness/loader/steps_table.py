"""[[steps]]: what the saga does, in order, and how it undoes it.

Owns the reading of steps against the operations that the participants have. Refuses names that
nothing answers to, with the nearest, and graphs that no saga could walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.errors import ScenarioError, misplaced, nearest
from harness.loader.table import Table
from harness.participant import Operation, Participant, Verb
from harness.saga import Step, StepKind

_KEYS = ("name", "action", "compensation", "kind", "after", "optional")


def read_steps(top: Table, participants: Sequence[Participant]) -> tuple[Step, ...]:
    """All steps, checked against what the participants offer."""
    operations = {name: one for participant in participants for name, one in participant.operations.items()}
    tables = top.tables("steps", "at least one [[steps]] with a name and an action")
    steps = tuple(_step(table, operations) for table in tables)
    _check_names(tables, steps)
    _check_pivot(tables, steps)
    _check_after(tables, steps)
    return steps


def _step(table: Table, operations: Mapping[str, Operation]) -> Step:
    table.refuse_unknown(_KEYS)
    name = table.text("name", "a name for the step")
    if not name.isprintable():
        raise table.wrong("name", "a name of printable characters")
    action = _action(table, operations)
    return Step(
        name=name,
        action=action,
        compensation=_compensation(table, action, operations) if table.has("compensation") else None,
        kind=table.word("kind", StepKind, StepKind.COMPENSABLE),
        after=table.texts("after", "a list of steps; [] for none") if table.has("after") else None,
        optional=table.flag("optional", default=False),
    )


def _action(table: Table, operations: Mapping[str, Operation]) -> str:
    creates = [name for name, one in operations.items() if one.verb is Verb.CREATE]
    name = table.text("action", "a create operation, like 'inventory.reservation.create'")
    if name not in creates:
        raise table.wrong("action", f"a create operation, {nearest(name, creates)}")
    return name


def _compensation(table: Table, action: str, operations: Mapping[str, Operation]) -> str:
    resource = action.rpartition(".")[0]
    undoes = [name for name, one in operations.items() if one.verb.undoes]
    # An undo elsewhere can never undo this step: what is left is read from the action's resource.
    here = [name for name in undoes if name.rpartition(".")[0] == resource]
    own = [name for name in here if _takes_back(operations[name], action)]
    name = table.text("compensation", "an undo, like 'inventory.reservation.delete'")
    if name not in own:
        raise table.wrong("compensation", f"an undo of {resource}, {nearest(name, own)}")
    return name


def _takes_back(undo: Operation, action: str) -> bool:
    return not undo.undoes or action in undo.undoes


def _check_names(tables: Sequence[Table], steps: Sequence[Step]) -> None:
    first: dict[str, Table] = {}
    for table, step in zip(tables, steps, strict=True):
        other = first.setdefault(step.name, table)
        if other is not table:
            line = other.line("name")
            raise table.wrong("name", f"a name of its own; the step on line {line} has this one")


def _check_pivot(tables: Sequence[Table], steps: Sequence[Step]) -> None:
    pivots = [table for table, step in zip(tables, steps, strict=True) if step.kind is StepKind.PIVOT]
    if len(pivots) > 1:
        raise pivots[1].wrong("kind", f"one pivot at most; line {pivots[0].line('kind')} has it")


def _check_after(tables: Sequence[Table], steps: Sequence[Step]) -> None:
    names = [step.name for step in steps]
    for table, step in zip(tables, steps, strict=True):
        for index, parent in enumerate(step.after or ()):
            if parent not in names:
                raise table.wrong("after", nearest(parent, names), index)
    circle = _circle(steps)
    for table, step in zip(tables, steps, strict=True):
        if step.name in circle and step.after:
            found = ", ".join(name for name in names if name in circle)
            raise ScenarioError(misplaced(table.where("after"), found, "steps that do not wait in a circle"))


def _circle(steps: Sequence[Step]) -> frozenset[str]:
    """The steps that wait for themselves, by way of others or not."""
    before: dict[str, tuple[str, ...]] = {}
    previous: tuple[str, ...] = ()
    for step in steps:
        before[step.name] = previous if step.after is None else step.after
        previous = (step.name,)
    return frozenset(name for name in before if name in _reached(before, name))


def _reached(before: Mapping[str, tuple[str, ...]], name: str) -> set[str]:
    reached: set[str] = set()
    waiting = [*before[name]]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += before[one]
    return reached
