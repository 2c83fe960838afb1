"""Mistakes with what a saga keeps: recorded at the wrong moment, not at all, not read, or not locked."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from harness.mutation.code import Code
from harness.mutation.nodes import called_name, dotted, is_record, last_name, text_of, unwrapped
from harness.mutation.operators.base import Change, Changes, Operator, dropped, expression
from harness.mutation.words import COMMIT, EXISTS, LOCK, RECORD, RESUMED

Block = cst.IndentedBlock | cst.Module


def _after_call(code: Code) -> Changes:
    """What was recorded before a call is recorded after it, and lost where the call fails."""
    for block in code.of(cst.IndentedBlock):
        body = list(block.body)
        for index, one in enumerate(body):
            if not _records(code, one):
                continue
            call = next((at for at in range(index + 1, len(body)) if code.talks(body[at])), None)
            if call is None or _ends(body[call]) or _needed(one, body[index + 1 : call + 1]):
                continue
            moved = [*body[:index], *body[index + 1 : call + 1], one, *body[call + 1 :]]
            yield Change(block, block.with_changes(body=moved))


def _before_call(code: Code) -> Changes:
    """What was recorded after a call is recorded before it, whatever it comes to."""
    for block in code.of(cst.IndentedBlock):
        body = list(block.body)
        for index, one in enumerate(body):
            if not _records(code, one):
                continue
            call = next((at for at in range(index - 1, -1, -1) if code.talks(body[at])), None)
            if call is None or any(_binds(before) & _names(one) for before in body[call:index]):
                continue
            moved = [*body[:call], one, *body[call:index], *body[index + 1 :]]
            yield Change(block, block.with_changes(body=moved))


def _records(code: Code, statement: cst.BaseStatement) -> bool:
    """A statement, with its condition if it has one, that does nothing but put something on record."""
    if isinstance(statement, cst.SimpleStatementLine):
        small = statement.body[0]
        return len(statement.body) == 1 and is_record(small) and not _talks_otherwise(code, small)
    if (
        isinstance(statement, cst.If)
        and statement.orelse is None
        and isinstance(statement.body, cst.IndentedBlock)
    ):
        return all(_records(code, inner) for inner in statement.body.body)
    return False


def _talks_otherwise(code: Code, small: cst.BaseSmallStatement) -> bool:
    """A record whose value is a call that sends is a call: `told["hold"] = await act(…)`."""
    if isinstance(small, cst.Assign):
        return code.talks(small.value)
    call = unwrapped(small.value) if isinstance(small, cst.Expr) else small
    return isinstance(call, cst.Call) and any(code.talks(arg) for arg in call.args)


def _ends(statement: cst.CSTNode) -> bool:
    """Whether nothing comes after it."""
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(
        statement.body[-1], cst.Return | cst.Raise | cst.Continue | cst.Break
    )


def _needed(record: cst.CSTNode, later: Sequence[cst.CSTNode]) -> bool:
    """Whether what a record binds is used before its new place."""
    bound = _binds(record)
    return any(bound & _names(one) for one in later)


def _binds(node: cst.CSTNode) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    if isinstance(node, cst.AssignTarget | cst.AnnAssign | cst.NamedExpr):
        target = node.target
        found |= _names(target) if not isinstance(target, cst.Subscript | cst.Attribute) else frozenset()
    return found.union(*(_binds(child) for child in node.children))


def _names(node: cst.CSTNode) -> frozenset[str]:
    own = frozenset({node.value}) if isinstance(node, cst.Name) else frozenset()
    return own.union(*(_names(child) for child in node.children))


def _dropped(code: Code) -> Changes:
    for one in code.of(cst.Expr):
        call = unwrapped(one.value)
        if isinstance(call, cst.Call) and RECORD.match(called_name(call)) and not code.talks(call):
            yield dropped(one)


def _not_committed(code: Code) -> Changes:
    for one in code.of(cst.Expr):
        call = unwrapped(one.value)
        if isinstance(call, cst.Call) and COMMIT.match(called_name(call)) and not call.args:
            yield dropped(one)


def _resumed_ignored(code: Code) -> Changes:
    for name in code.of(cst.Attribute, cst.Name):
        parent = code.parent(name)
        bound = isinstance(parent, cst.Param | cst.AssignTarget | cst.Attribute | cst.AnnAssign)
        called = isinstance(parent, cst.Call) and parent.func is name
        keyword = isinstance(parent, cst.Arg) and parent.keyword is name
        defined = isinstance(parent, cst.FunctionDef | cst.NameItem)
        if RESUMED.match(last_name(name)) and not (bound or called or keyword or defined):
            yield Change(name, cst.Name("False"))
    for one in code.of(cst.Comparison):
        if any(text_of(part.comparator) == "resume" for part in one.comparisons):
            yield Change(one, cst.Name("False"))


def _store_ignored(code: Code) -> Changes:
    for call in code.of(cst.Call):
        if EXISTS.match(called_name(call)) and isinstance(call.func, cst.Attribute):
            yield Change(call, cst.Name("False"))


def _unlocked(code: Code) -> Changes:
    for item in code.of(cst.WithItem):
        if LOCK.search(dotted(item.item)):
            free = expression('__import__("contextlib").nullcontext(True)')
            yield Change(item, item.with_changes(item=free))
    for one in code.of(cst.Expr):
        call = unwrapped(one.value)
        if isinstance(call, cst.Call) and called_name(call) in ("flock", "lockf", "acquire"):
            yield dropped(one)


RECORD_AFTER_CALL = Operator(
    name="record_after_call", says="a record is written after the call instead of before", changes=_after_call
)
RECORD_BEFORE_CALL = Operator(
    name="record_before_call",
    says="a record is written before the call instead of after",
    changes=_before_call,
)
RECORD_DROPPED = Operator(name="record_dropped", says="a record is not written", changes=_dropped)
NOT_COMMITTED = Operator(
    name="not_committed", says="a record is written and not committed", changes=_not_committed
)
RESUMED_IGNORED = Operator(
    name="resumed_ignored", says="a saga that is resumed begins anew", changes=_resumed_ignored
)
STORE_IGNORED = Operator(name="store_ignored", says="what was kept is not looked for", changes=_store_ignored)
LOCK_DROPPED = Operator(name="lock_dropped", says="a lock is not taken", changes=_unlocked)
