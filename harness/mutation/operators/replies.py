"""Mistakes in reading replies: what a status means, and what silence means."""

from __future__ import annotations

import re
from collections.abc import Iterable

import libcst as cst

from harness.mutation.code import Code
from harness.mutation.nodes import called_name, dotted, last_name, text_of
from harness.mutation.operators.base import Change, Changes, Operator, dropped, expression, numbers_in
from harness.mutation.words import DOUBT, DOUBT_WORD, FINE, REFUSED_WORD, STATUS

_GONE = frozenset({404, 410})
_WIDER = {
    "ConnectError": "TransportError",
    "ConnectTimeout": "TimeoutException",
    "ConnectionRefusedError": "OSError",
    "ClientConnectorError": "ClientError",
}
_PLAINEST = ("refused", "rejected", "denied", "failed")
_NAMED = {"NOT_FOUND": 404, "GONE": 410, "ACCEPTED": 202, "INTERNAL_SERVER_ERROR": 500}
_HUNDREDS = re.compile(r"//\s*100\b")


def _comparisons(code: Code) -> list[cst.Comparison]:
    return [one for one in code.of(cst.Comparison) if len(one.comparisons) <= 2]


def _statuses(code: Code, node: cst.CSTNode) -> frozenset[int]:
    """The statuses that an expression names, as numbers or as members of HTTPStatus."""
    named = (name for member, name in _NAMED.items() if re.search(rf"\b{member}\b", code.source(node)))
    return frozenset(one for one in numbers_in(node) if 100 <= one <= 600) | frozenset(named)


def _is_negative(comparison: cst.Comparison) -> bool:
    return isinstance(comparison.comparisons[-1].operator, cst.NotIn | cst.NotEqual)


def _gone_is_failure(code: Code) -> Changes:
    for one in _comparisons(code):
        statuses = _statuses(code, one)
        if statuses and statuses <= _GONE:
            yield Change(one, cst.Name("True" if _is_negative(one) else "False"))


def _refusal_is_done(code: Code) -> Changes:
    for one in _comparisons(code):
        statuses = _statuses(code, one)
        if statuses and statuses <= _GONE:
            refused = f"400 <= {code.source(one.left)} < 500"
            yield Change(one, expression(f"(not {refused})" if _is_negative(one) else f"({refused})"))


def _accepted_is_done(code: Code) -> Changes:
    for one in _comparisons(code):
        if _statuses(code, one) == {202}:
            yield Change(one, cst.Name("True" if _is_negative(one) else "False"))


def _server_error_is_refusal(code: Code) -> Changes:
    for one in _comparisons(code):
        statuses = _statuses(code, one)
        listed = bool(statuses) and min(statuses) >= 500 and _is_membership(one)
        if listed or (_HUNDREDS.search(code.source(one)) and numbers_in(one) & {5}):
            yield Change(one, cst.Name("True" if _is_negative(one) else "False"))
    for number in code.of(cst.Integer):
        comparison = code.inside(number, cst.Comparison)
        if number.evaluated_value not in (499, 500) or comparison is None or _is_membership(comparison):
            continue
        if not _only_gives_up(code, comparison):
            yield Change(number, cst.Integer(str(number.evaluated_value + 100)))
    for name in code.of(cst.Attribute):
        if name.attr.value == "is_server_error":
            yield Change(name, cst.Name("False"))
        elif name.attr.value == "is_client_error":
            yield Change(name, name.with_changes(attr=cst.Name("is_error")))


def _only_gives_up(code: Code, comparison: cst.Comparison) -> bool:
    """`if … < 500: return False`: nothing is made of a refusal; a 5xx is then tried once."""
    test = code.inside(comparison, cst.If)
    if test is None or not any(one is test.test for one in (comparison, *code.around(comparison))):
        return False
    lines = test.body.body
    only = lines[0].body[0] if len(lines) == 1 and isinstance(lines[0], cst.SimpleStatementLine) else None
    return isinstance(only, cst.Return) and (only.value is None or last_name(only.value) in ("False", "None"))


def _is_membership(comparison: cst.Comparison) -> bool:
    operator = comparison.comparisons[-1].operator
    return isinstance(operator, cst.In | cst.NotIn | cst.Equal | cst.NotEqual)


def _silence_is_refusal(code: Code) -> Changes:
    names: list[cst.Attribute | cst.Name] = [*code.of(cst.Attribute), *code.of(cst.Name)]
    for name in names:
        inner = isinstance(code.parent(name), cst.Attribute) and isinstance(name, cst.Name)
        wider = _WIDER.get(last_name(name))
        if wider is not None and not inner and code.inside(name, cst.ImportFrom, cst.Import) is None:
            yield Change(name, _last_renamed(name, wider))
    yield from _doubt_forgotten(code)
    yield from _doubt_as_refusal(code)


def _last_renamed(name: cst.Attribute | cst.Name, to: str) -> cst.CSTNode:
    if isinstance(name, cst.Attribute):
        return name.with_changes(attr=cst.Name(to))
    return name.with_changes(value=to)


def _doubt_forgotten(code: Code) -> Changes:
    """A flag that says that a request may have been applied is never set."""
    for one in code.of(cst.Assign):
        for target in one.targets:
            if isinstance(target.target, cst.Tuple) and isinstance(one.value, cst.Tuple):
                for left, right in zip(target.target.elements, one.value.elements, strict=False):
                    if DOUBT.search(dotted(left.value)) and last_name(right.value) == "True":
                        yield Change(right, right.with_changes(value=cst.Name("False")))
            elif DOUBT.search(dotted(target.target)) and last_name(one.value) != "False" and _runs(code, one):
                yield Change(one.value, cst.Name("False"))
    for arg in code.of(cst.Arg):
        if arg.keyword is not None and DOUBT.search(arg.keyword.value) and last_name(arg.value) != "False":
            yield Change(arg, arg.with_changes(value=cst.Name("False")))


def _runs(code: Code, node: cst.CSTNode) -> bool:
    """Not a member of a class, such as of an enum."""
    return not isinstance(code.inside(node, cst.ClassDef, cst.FunctionDef), cst.ClassDef)


def _doubt_as_refusal(code: Code) -> Changes:
    """Where a source has a word for a refusal and one for doubt, the first stands for the second."""
    words = {text_of(one) or "" for one in code.of(cst.SimpleString)}
    refused = _refusal(words)
    if refused is not None:
        for one in code.of(cst.SimpleString):
            if DOUBT_WORD.match(text_of(one) or "") and _is_value(code, one):
                yield Change(one, cst.SimpleString(repr(refused)))
    names = {last_name(one) for one in code.of(cst.Name)}
    name = _refusal(one for one in names if one.isupper())
    if name is not None:
        for word in code.of(cst.Name):
            if word.value.isupper() and DOUBT_WORD.match(word.value) and _is_value(code, word):
                yield Change(word, word.with_changes(value=name))


def _refusal(words: Iterable[str]) -> str | None:
    """The plainest word for a refusal among these."""
    found = [word for word in words if REFUSED_WORD.match(word)]
    return min(found, key=lambda word: (_PLAINEST.index(word.lower()), word), default=None)


def _is_value(code: Code, node: cst.CSTNode) -> bool:
    """Not what is assigned to, compared with, a member of a class, or part of an import."""
    parent = code.parent(node)
    if isinstance(
        parent, cst.AssignTarget | cst.ComparisonTarget | cst.Comparison | cst.ImportAlias | cst.Attribute
    ):
        return False
    around = code.inside(node, cst.ClassDef, cst.FunctionDef)
    named = isinstance(parent, cst.Assign) and (around is None or isinstance(around, cst.ClassDef))
    return not named and not isinstance(parent, cst.Expr | cst.Element)


def _unchecked(code: Code) -> Changes:
    for call in code.of(cst.Call):
        if called_name(call) == "raise_for_status" and isinstance(call.func, cst.Attribute):
            statement = code.parent(call)
            yield dropped(statement) if isinstance(statement, cst.Expr) else Change(call, call.func.value)
    tests = [*(one.test for one in code.of(cst.If)), *(one.test for one in code.of(cst.IfExp))]
    for test in tests:
        good = _asks_whether_good(code, test)
        if good is not None:
            yield Change(test, cst.Name(str(good)))


def _asks_whether_good(code: Code, test: cst.BaseExpression) -> bool | None:
    """True for a test that success passes, False for one that failure passes, None for any other."""
    if isinstance(test, cst.Attribute) and FINE.match(test.attr.value):
        return test.attr.value in ("is_success", "ok")
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        inner = _asks_whether_good(code, test.expression)
        return None if inner is None else not inner
    compared = [one for one in code.of(cst.Comparison) if one is test or test in code.around(one)]
    named = [one for one in compared if any(STATUS.search(dotted(side)) for side in _sides(one))]
    statuses = frozenset[int]().union(*(_statuses(code, one) for one in named))
    if not statuses:
        return None
    if all(status <= 400 for status in statuses):
        return not any(_is_negative(one) and 202 not in _statuses(code, one) for one in named) and not any(
            isinstance(one.comparisons[-1].operator, cst.GreaterThan | cst.GreaterThanEqual)
            and len(one.comparisons) == 1
            for one in named
        )
    return None


def _sides(comparison: cst.Comparison) -> list[cst.BaseExpression]:
    return [comparison.left, *(part.comparator for part in comparison.comparisons)]


GONE_IS_FAILURE = Operator(
    name="gone_is_failure", says="404 or 410 at an undo is taken for a failure", changes=_gone_is_failure
)
REFUSAL_IS_DONE = Operator(
    name="refusal_is_done", says="any refusal of an undo is taken for done", changes=_refusal_is_done
)
ACCEPTED_IS_DONE = Operator(name="accepted_is_done", says="202 is taken for done", changes=_accepted_is_done)
SERVER_ERROR_IS_REFUSAL = Operator(
    name="server_error_is_refusal",
    says="5xx is taken for a refusal: surely not applied",
    changes=_server_error_is_refusal,
)
SILENCE_IS_REFUSAL = Operator(
    name="silence_is_refusal",
    says="a time-out or a reset is taken for a refusal: surely not applied",
    changes=_silence_is_refusal,
)
STATUS_UNCHECKED = Operator(name="status_unchecked", says="a status is not looked at", changes=_unchecked)
