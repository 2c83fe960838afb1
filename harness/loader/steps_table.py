"""[[steps]]: what the saga does, in order, and how it undoes it.

Owns the reading of steps against the operations that the participants have. Refuses names that
nothing answers to, with the nearest, and graphs that no saga could walk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.errors import ScenarioError, misplaced, nearest
from harness.loader.table import Table
from harness.participant import Operation, Participant, Verb
from harness.saga import ReadStep, Step, StepKind, several_calls

_KEYS = ("name", "action", "actions", "compensation", "compensations", "reads", "kind", "after", "optional")
_CREATE = "a create operation, like 'inventory.reservation.create'"
_UNDO = "an undo, like 'inventory.reservation.delete'"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsTable:
    """What a saga's spec takes of [[steps]]."""

    steps: tuple[Step, ...]
    reads: tuple[ReadStep, ...]


def read_steps(top: Table, participants: Sequence[Participant]) -> StepsTable:
    """All steps, checked against what the participants offer."""
    operations = {name: one for participant in participants for name, one in participant.operations.items()}
    tables = top.tables("steps", "at least one [[steps]] with a name and an action")
    for table in tables:
        table.refuse_unknown(_KEYS)
    _check_names(tables)
    acting = [table for table in tables if not table.has("reads")]
    reads = tuple(_read(table, operations) for table in tables if table.has("reads"))
    found = [_step(table, operations) for table in acting]
    if not found:
        raise tables[0].wrong(
            "reads", "beside it a step with an action: a saga that changes nothing has no need"
        )
    _check_pivot(acting, found)
    _check_after(tables, found, [one.name for one in reads])
    return StepsTable(steps=tuple(_without_reads(step, reads) for one in found for step in one), reads=reads)


def _step(table: Table, operations: Mapping[str, Operation]) -> tuple[Step, ...]:
    if table.has("actions"):
        return _several(table, operations)
    name = _name(table)
    action = _action(table, "action", table.text("action", _CREATE), operations)
    if table.has("compensations"):
        raise table.wrong("compensations", "compensation, of the one action; compensations go with actions")
    undo = table.text("compensation", _UNDO) if table.has("compensation") else None
    one = Step(
        name=name,
        action=action,
        compensation=None
        if undo is None
        else _compensation(table, "compensation", undo, [action], operations),
        kind=table.word("kind", StepKind, StepKind.COMPENSABLE),
        after=_after(table),
        optional=table.flag("optional", default=False),
    )
    return (one,)


def _several(table: Table, operations: Mapping[str, Operation]) -> tuple[Step, ...]:
    """A step of several calls."""
    for key in ("action", "compensation"):
        if table.has(key):
            raise table.wrong(key, f"either {key} or {key}s, not both")
    texts = table.texts("actions", f"a list of actions, each {_CREATE}")
    actions = [_action(table, "actions", one, operations, index) for index, one in enumerate(texts)]
    if len(set(actions)) < max(2, len(actions)):
        raise table.wrong(
            "actions", "at least two actions that differ; calls of one route are steps of their own"
        )
    undos = (
        table.texts("compensations", f"a list of undos, each {_UNDO}") if table.has("compensations") else ()
    )
    calls: dict[str, str | None] = dict.fromkeys(actions)
    for index, undo in enumerate(undos):
        checked = _compensation(table, "compensations", undo, actions, operations, index)
        action = _undone_by(checked, calls, operations)
        if action is None:
            raise table.wrong("compensations", "one undo for each action", index)
        calls[action] = checked
    kind = table.word("kind", StepKind, StepKind.COMPENSABLE)
    if kind is StepKind.PIVOT:
        raise table.wrong("kind", "a step of one action: two calls are no one point of no return")
    optional = table.flag("optional", default=False)
    return several_calls(_name(table), calls, kind=kind, after=_after(table), optional=optional)


def _undone_by(undo: str, calls: Mapping[str, str | None], operations: Mapping[str, Operation]) -> str | None:
    """The action that an undo takes back, and that has no undo yet."""
    resource = undo.rpartition(".")[0]
    free = [action for action, taken in calls.items() if taken is None]
    own = [one for one in free if one.rpartition(".")[0] == resource and _takes_back(operations[undo], one)]
    return own[0] if own else None


def _read(table: Table, operations: Mapping[str, Operation]) -> ReadStep:
    for key in ("action", "actions", "compensation", "compensations", "kind", "optional"):
        if table.has(key):
            raise table.wrong(key, f"no {key} beside reads: a step that only reads leaves nothing to undo")
    queries = [name for name, one in operations.items() if one.verb.queries]
    told = table.text("reads", "a query, like 'inventory.stock.get'")
    if told not in queries:
        raise table.wrong("reads", f"a query, {nearest(told, queries)}")
    return ReadStep(name=_name(table), reads=told)


def _name(table: Table) -> str:
    name = table.text("name", "a name for the step")
    if not name.isprintable():
        raise table.wrong("name", "a name of printable characters")
    return name


def _after(table: Table) -> tuple[str, ...] | None:
    return table.texts("after", "a list of steps; [] for none") if table.has("after") else None


def _without_reads(step: Step, reads: Iterable[ReadStep]) -> Step:
    """What only reads has nothing to wait for: a step that comes after it comes after nothing by that."""
    if step.after is None:
        return step
    names = {one.name for one in reads}
    return replace(step, after=tuple(name for name in step.after if name not in names))


def _action(table: Table, key: str, name: str, operations: Mapping[str, Operation], *inner: int) -> str:
    creates = [one for one, operation in operations.items() if operation.verb is Verb.CREATE]
    if name not in creates:
        raise table.wrong(key, f"a create operation, {nearest(name, creates)}", *inner)
    return name


def _compensation(
    table: Table,
    key: str,
    name: str,
    actions: Sequence[str],
    operations: Mapping[str, Operation],
    *inner: int,
) -> str:
    resources = list(dict.fromkeys(action.rpartition(".")[0] for action in actions))
    undoes = [one for one, operation in operations.items() if operation.verb.undoes]
    # An undo elsewhere can never undo this step: what is left is read from the action's resource.
    here = [one for one in undoes if one.rpartition(".")[0] in resources]
    own = [one for one in here if any(_takes_back(operations[one], action) for action in actions)]
    if name not in own:
        raise table.wrong(key, f"an undo of {' or '.join(resources)}, {nearest(name, own)}", *inner)
    return name


def _takes_back(undo: Operation, action: str) -> bool:
    return not undo.undoes or action in undo.undoes


def _check_names(tables: Sequence[Table]) -> None:
    first: dict[str, Table] = {}
    for table in tables:
        other = first.setdefault(_name(table), table)
        if other is not table:
            line = other.line("name")
            raise table.wrong("name", f"a name of its own; the step on line {line} has this one")


def _check_pivot(tables: Sequence[Table], steps: Sequence[Sequence[Step]]) -> None:
    pivots = [table for table, calls in zip(tables, steps, strict=True) if calls[0].kind is StepKind.PIVOT]
    if len(pivots) > 1:
        raise pivots[1].wrong("kind", f"one pivot at most; line {pivots[0].line('kind')} has it")


def _check_after(tables: Sequence[Table], steps: Sequence[Sequence[Step]], reads: Sequence[str]) -> None:
    names = [*(calls[0].whole for calls in steps), *reads]
    for table in tables:
        for index, parent in enumerate(_after(table) or ()):
            if parent not in names:
                others = [name for name in names if name != _name(table)]
                raise table.wrong("after", nearest(parent, others), index)
    circle = _circle([calls[0] for calls in steps])
    by_name = {_name(table): table for table in tables}
    for calls in steps:
        if calls[0].whole in circle and calls[0].after:
            found = ", ".join(name for name in names if name in circle)
            where = by_name[calls[0].whole].where("after")
            raise ScenarioError(misplaced(where, found, "steps that do not wait in a circle"))


def _circle(steps: Sequence[Step]) -> frozenset[str]:
    """The steps that wait for themselves, by way of others or not."""
    before: dict[str, tuple[str, ...]] = {}
    previous: tuple[str, ...] = ()
    for step in steps:
        before[step.whole] = previous if step.after is None else step.after
        previous = (step.whole,)
    return frozenset(name for name in before if name in _reached(before, name))


def _reached(before: Mapping[str, tuple[str, ...]], name: str) -> set[str]:
    reached: set[str] = set()
    waiting = [*before[name]]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += before.get(one, ())  # what only reads waits for nothing
    return reached
