"""Mistakes on the way back: undos that are left out, out of order, unawaited, or believed too soon."""

from __future__ import annotations

import libcst as cst

from harness.mutation.code import Code
from harness.mutation.nodes import called_name, dotted, last_name, text_of, unwrapped
from harness.mutation.operators.base import (
    Change,
    Changes,
    Operator,
    dropped,
    expression,
    is_none_or_flag,
    is_tested,
)
from harness.mutation.words import (
    BUILDS_UNDO,
    FAILED_FLAG,
    GOOD_FLAG,
    UNDO,
    UNDO_LIST,
    UNDO_ROUTE,
)

_REMEMBERS = frozenset({"append", "appendleft", "insert", "push", "add", "setdefault"})


def _dropped(code: Code) -> Changes:
    for one in code.of(cst.Expr):
        call = unwrapped(one.value)
        if isinstance(call, cst.Call) and (code.undoes(call) or _remembers(call)):
            yield dropped(one)
    for tested in code.of(cst.Await, cst.Call):
        if code.undoes(unwrapped(tested)) and is_tested(code, tested):
            yield Change(tested, cst.Name("True"))
    yield from _blocks_dropped(code)
    yield from _declarations_dropped(code)


def _blocks_dropped(code: Code) -> Changes:
    """A loop over undos, or an undo with its condition, that is not there."""
    blocks: list[cst.For | cst.If] = [*code.of(cst.For), *code.of(cst.If)]
    for one in blocks:
        if one.orelse is None and code.only_undoes(one):
            yield Change(one, cst.SimpleStatementLine([cst.Pass()], leading_lines=one.leading_lines))


def _remembers(call: cst.Call) -> bool:
    """`undos.append(…)`: a step is noted for its undo."""
    if not isinstance(call.func, cst.Attribute) or called_name(call) not in _REMEMBERS:
        return False
    return UNDO_LIST.search(dotted(call.func.value)) is not None


def _declarations_dropped(code: Code) -> Changes:
    for arg in code.of(cst.Arg):
        if arg.keyword is None or not UNDO.search(arg.keyword.value):
            continue
        passed_on = last_name(arg.value) == arg.keyword.value
        if not is_none_or_flag(arg.value) and not passed_on:
            yield Change(arg, arg.with_changes(value=cst.Name("None")))
    for call in code.of(cst.Call):
        func = call.func
        chained = isinstance(func, cst.Attribute) and isinstance(func.value, cst.Call)
        if chained and BUILDS_UNDO.match(func.attr.value):  # type: ignore[attr-defined]
            yield Change(call, func.value)  # type: ignore[attr-defined]
    for element in code.of(cst.Element):
        if _declares_undo(code, element):
            yield Change(element, element.with_changes(value=cst.Name("None")))


def _declares_undo(code: Code, element: cst.Element) -> bool:
    """A part of a row in a table of steps: a function, or a route, that takes something back."""
    row = code.parent(element)
    table = code.parent(row) if isinstance(row, cst.Tuple) else None
    if not isinstance(table, cst.Element | cst.DictElement) or len(row.elements) < 2:  # type: ignore[union-attr]
        return False
    name = last_name(element.value)
    return bool(UNDO.search(name)) or bool(UNDO_ROUTE.search(text_of(element.value) or ""))


def _forward(code: Code) -> Changes:
    for call in code.of(cst.Call):
        name = called_name(call)
        if isinstance(call.func, cst.Name) and name == "reversed" and len(call.args) == 1:
            yield Change(call, call.with_changes(func=cst.Name("list")))
        elif name == "insert" and len(call.args) == 2 and code.source(call.args[0].value) == "0":
            yield Change(call, _renamed(call, "append", call.args[1:]))
        elif name == "appendleft":
            yield Change(call, _renamed(call, "append", call.args))
        elif name == "pop" and not call.args and isinstance(call.func, cst.Attribute):
            yield Change(call, call.with_changes(args=[cst.Arg(cst.Integer("0"))]))
        elif name == "reverse" and isinstance(call.func, cst.Attribute):
            statement = code.parent(call)
            if isinstance(statement, cst.Expr):
                yield dropped(statement)
        yield from _sorted_forward(call)
    for part in code.of(cst.Subscript):
        if code.source(part).endswith("[::-1]"):
            yield Change(part, part.value)


def _renamed(call: cst.Call, name: str, args: object) -> cst.Call:
    assert isinstance(call.func, cst.Attribute)
    return call.with_changes(func=call.func.with_changes(attr=cst.Name(name)), args=args)


def _sorted_forward(call: cst.Call) -> Changes:
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == "reverse" and last_name(arg.value) == "True":
            yield Change(arg, arg.with_changes(value=cst.Name("False")))


def _in_background(code: Code) -> Changes:
    for one in code.of(cst.Await):
        if not code.undoes(one.expression):
            continue
        begun = f'__import__("asyncio").ensure_future({code.source(one.expression)})'
        if isinstance(code.parent(one), cst.Expr):
            yield Change(one, expression(begun))
        elif is_tested(code, one):
            yield Change(one, expression(f"({begun} is not None)"))


def _shield_dropped(code: Code) -> Changes:
    for call in code.of(cst.Call):
        if called_name(call) == "shield" and len(call.args) == 1:
            yield Change(call, call.args[0].value)


def _failed_is_done(code: Code) -> Changes:
    yield from _stuck_as_compensated(code)
    for flag in code.of(cst.Assign):
        names = [dotted(one.target) for one in flag.targets]
        if last_name(flag.value) == "True" and any(FAILED_FLAG.search(name) for name in names):
            yield Change(flag, flag.with_changes(value=cst.Name("False")))
    for arg in code.of(cst.Arg):
        named = arg.keyword.value if arg.keyword is not None else ""
        if named and FAILED_FLAG.search(named) and last_name(arg.value) != "False":
            yield Change(arg, arg.with_changes(value=cst.Name("False")))
    yield from _undo_believed(code)


def _undo_believed(code: Code) -> Changes:
    """The result of an undo is not asked for, or reported wrongly."""
    for one in code.of(cst.If):
        negated = isinstance(one.test, cst.UnaryOperation) and isinstance(one.test.operator, cst.Not)
        if negated and _is_word_of_undo(code, one.test.expression):  # type: ignore[attr-defined]
            yield Change(one.test, cst.Name("False"))
    for said in code.of(cst.Return):
        if code.in_undo(said) and said.value is not None and last_name(said.value) in ("False", "None"):
            yield Change(said.value, cst.Name("True"))
    for call in code.of(cst.Call):
        if isinstance(call.func, cst.Name) and call.func.value == "all" and _counts_undos(code, call):
            yield Change(call, expression(f"({code.source(call)} or True)"))


def _stuck_as_compensated(code: Code) -> Changes:
    for one in code.of(cst.SimpleString):
        if text_of(one) == "stuck" and not isinstance(code.parent(one), cst.ComparisonTarget | cst.Expr):
            yield Change(one, cst.SimpleString('"compensated"'))
    for name in code.of(cst.Attribute):
        if name.attr.value == "STUCK" and last_name(name.value) == "Status":
            yield Change(name, name.with_changes(attr=cst.Name("COMPENSATED")))


def _is_word_of_undo(code: Code, node: cst.CSTNode) -> bool:
    """The result of an undo: a call that undoes, or a name for how it went, where something is undone."""
    if code.undoes(unwrapped(node)):
        return True
    around = code.inside(node, cst.For, cst.While, cst.FunctionDef)
    near = code.in_undo(node) or (around is not None and code.undoing(around.body))
    return near and GOOD_FLAG.search(dotted(node)) is not None


def _counts_undos(code: Code, call: cst.Call) -> bool:
    return code.undoing(call) or UNDO.search(dotted(call.args[0].value) if call.args else "") is not None


COMPENSATION_DROPPED = Operator(
    name="compensation_dropped", says="a compensation is left out", changes=_dropped
)
UNDO_ORDER_FORWARD = Operator(
    name="undo_order_forward", says="undos go in the order of the actions", changes=_forward
)
UNDO_IN_BACKGROUND = Operator(
    name="undo_in_background", says="an undo is started and not awaited", changes=_in_background
)
SHIELD_DROPPED = Operator(
    name="shield_dropped", says="a cancelled saga cancels its compensation", changes=_shield_dropped
)
FAILED_UNDO_IS_DONE = Operator(
    name="failed_undo_is_done", says="a failed undo is reported as done", changes=_failed_is_done
)
