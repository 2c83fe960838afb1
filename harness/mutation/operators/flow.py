"""Mistakes in the flow: errors swallowed, steps left out, the point of no return misplaced."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from harness.mutation.code import Code
from harness.mutation.nodes import last_name, text_of, unwrapped
from harness.mutation.operators.base import Change, Changes, Operator, dropped, expression
from harness.mutation.operators.retries import is_retry
from harness.mutation.words import STEPS


def _swallowed(code: Code) -> Changes:
    for handler in code.of(cst.ExceptHandler):
        if not isinstance(handler.body, cst.IndentedBlock) or _does_nothing(handler.body):
            continue
        looped = code.inside(handler, cst.For, cst.While, cst.FunctionDef)
        word = cst.Continue() if isinstance(looped, cst.For | cst.While) else cst.Pass()
        body = handler.body.with_changes(body=[cst.SimpleStatementLine([word])])
        yield Change(handler, handler.with_changes(body=body))


def _does_nothing(block: cst.IndentedBlock) -> bool:
    smalls = [
        small for line in block.body if isinstance(line, cst.SimpleStatementLine) for small in line.body
    ]
    return len(block.body) == len(smalls) == 1 and isinstance(smalls[0], cst.Pass | cst.Continue)


def _stops_short(code: Code) -> Changes:
    for loop in code.of(cst.For):
        if loop.asynchronous is None and code.talks(loop.body) and not is_retry(code, loop):
            yield Change(loop.iter, expression(f"list({code.source(loop.iter)})[:-1]"))
    for part in code.of(cst.CompFor):
        whole = code.parent(part)
        if isinstance(whole, cst.GeneratorExp | cst.ListComp | cst.SetComp) and code.talks(whole.elt):
            yield Change(part, part.with_changes(iter=expression(f"list({code.source(part.iter)})[:-1]")))


def _starts_late(code: Code) -> Changes:
    for loop in code.of(cst.For):
        if loop.asynchronous is None and code.talks(loop.body) and not is_retry(code, loop):
            yield Change(loop.iter, expression(f"list({code.source(loop.iter)})[1:]"))


def _action_dropped(code: Code) -> Changes:
    for one in code.of(cst.Expr):
        call = unwrapped(one.value)
        if isinstance(call, cst.Call) and code.talks(call) and not code.undoes(call):
            yield dropped(one)
    tables: list[cst.Assign | cst.AnnAssign] = [*code.of(cst.Assign), *code.of(cst.AnnAssign)]
    for assigned in tables:
        target = assigned.target if isinstance(assigned, cst.AnnAssign) else assigned.targets[0].target
        if STEPS.search(last_name(target)) and not code.function(assigned):
            yield from _rows_dropped(assigned.value)


def _rows_dropped(table: cst.BaseExpression | None) -> Changes:
    if isinstance(table, cst.List | cst.Tuple | cst.Dict) and len(table.elements) > 1:
        for row in table.elements:
            yield Change(table, _without(table, row))


def _without(table: cst.List | cst.Tuple | cst.Dict, row: cst.CSTNode) -> cst.CSTNode:
    kept: Sequence[cst.CSTNode] = [one for one in table.elements if one is not row]
    if isinstance(table, cst.Tuple) and len(kept) == 1:
        kept = [kept[0].with_changes(comma=cst.Comma())]
    return table.with_changes(elements=kept)


def _pivot_undone(code: Code) -> Changes:
    yield from _kind_taken_for_compensable(code, "pivot")


def _retriable_undone(code: Code) -> Changes:
    yield from _kind_taken_for_compensable(code, "retriable")


def _kind_taken_for_compensable(code: Code, kind: str) -> Changes:
    """Where a step of this kind is declared, or asked about."""
    yield from _kind_not_declared(code, kind)
    for test in code.of(cst.Comparison):
        if len(test.comparisons) == 1 and _names_kind(test, kind):
            operator = test.comparisons[0].operator
            if isinstance(operator, cst.Equal | cst.Is):
                yield Change(test, cst.Name("False"))
            elif isinstance(operator, cst.NotEqual | cst.IsNot):
                yield Change(test, cst.Name("True"))
    for flag in code.of(cst.Attribute):
        used = not isinstance(code.parent(flag), cst.Call | cst.AssignTarget)
        if flag.attr.value in (f"is_{kind}", kind) and used:
            yield Change(flag, cst.Name("False"))


def _kind_not_declared(code: Code, kind: str) -> Changes:
    for call in code.of(cst.Call):
        func = call.func
        if isinstance(func, cst.Attribute) and func.attr.value == kind and not call.args:
            yield Change(call, func.value)
    for arg in code.of(cst.Arg):
        named = arg.keyword is not None and arg.keyword.value in (kind, f"is_{kind}")
        if named and last_name(arg.value) == "True":
            yield Change(arg, arg.with_changes(value=cst.Name("False")))
    for text in code.of(cst.SimpleString):
        parent = code.parent(text)
        if text_of(text) == kind and not isinstance(parent, cst.ComparisonTarget | cst.Expr | cst.Assign):
            yield Change(text, cst.SimpleString('"compensable"'))


def _names_kind(test: cst.Comparison, kind: str) -> bool:
    other = test.comparisons[0].comparator
    return text_of(other) == kind or kind.upper() in (last_name(other), last_name(test.left))


def _stuck_unsaid(code: Code) -> Changes:
    """A saga that has to stop for a person goes on, and turns back."""
    for one in code.of(cst.If):
        if isinstance(one.body, cst.IndentedBlock) and _says_stuck(code, one.body.body[-1]):
            yield Change(one.test, cst.Name("False"))


def _says_stuck(code: Code, line: cst.CSTNode) -> bool:
    if not isinstance(line, cst.SimpleStatementLine):
        return False
    said = code.source(line)
    ends = isinstance(line.body[-1], cst.Return)
    return (ends and ('"stuck"' in said or "'stuck'" in said or ".STUCK" in said)) or "stuck=True" in said


def _cause_lost(code: Code) -> Changes:
    for element in code.of(cst.DictElement):
        if text_of(element.key) == "error" and not _is_empty(element.value):
            yield Change(element, element.with_changes(value=cst.SimpleString('""')))
    for arg in code.of(cst.Arg):
        named = arg.keyword is not None and arg.keyword.value in ("error", "reason")
        if named and code.inside(arg, cst.Call) is not None and not _is_empty(arg.value):
            yield Change(arg, arg.with_changes(value=cst.SimpleString('""')))


def _is_empty(node: cst.CSTNode) -> bool:
    return last_name(node) == "None" or text_of(node) == ""


SWALLOWED = Operator(name="swallowed", says="an except swallows what went wrong", changes=_swallowed)
STOPS_SHORT = Operator(name="stops_short", says="a loop stops one short", changes=_stops_short)
STARTS_LATE = Operator(name="starts_late", says="a loop leaves out its first", changes=_starts_late)
ACTION_DROPPED = Operator(name="action_dropped", says="a step is left out", changes=_action_dropped)
PIVOT_UNDONE = Operator(
    name="pivot_undone", says="the pivot is taken for a step that can be undone", changes=_pivot_undone
)
RETRIABLE_UNDONE = Operator(
    name="retriable_undone",
    says="a step after the pivot is taken for one that can be undone",
    changes=_retriable_undone,
)
STUCK_UNSAID = Operator(
    name="stuck_unsaid", says="a saga that has to stop for a person turns back", changes=_stuck_unsaid
)
CAUSE_LOST = Operator(name="cause_lost", says="the first cause is lost", changes=_cause_lost)
