"""What an operator is: a mistake of the trade, and the places in a saga's source where it can be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from harness.mutation.code import Code
from harness.mutation.nodes import last_name


@dataclass(frozen=True, slots=True)
class Change:
    """One node of a tree, and what stands in its place."""

    old: cst.CSTNode
    new: cst.CSTNode


Changes = Iterator[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A mistake. says: what it does to a saga, in a few words; changes: one for each place.

    allowed: why a saga with it may be sound all the same, where the rules let it be.
    """

    name: str
    says: str
    changes: Callable[[Code], Changes]
    allowed: str = ""


def expression(text: str) -> cst.BaseExpression:
    """An expression from its text."""
    return cst.parse_expression(text)


def statement(text: str) -> cst.BaseStatement:
    """A statement from its text."""
    parsed = cst.parse_statement(text)
    assert isinstance(parsed, cst.BaseStatement)
    return parsed


def dropped(small: cst.BaseSmallStatement) -> Change:
    """A small statement that is not there."""
    return Change(small, cst.Pass())


def is_none_or_flag(node: cst.CSTNode) -> bool:
    """Whether it is None, True, False, or a number."""
    return isinstance(node, cst.Integer | cst.Float) or (
        isinstance(node, cst.Name) and node.value in ("None", "True", "False")
    )


def is_tested(code: Code, node: cst.CSTNode) -> bool:
    """Whether nothing but its truth matters where it stands."""
    parent = code.parent(node)
    match parent:
        case cst.If() | cst.IfExp() | cst.While():
            return parent.test is node
        case cst.UnaryOperation():
            return isinstance(parent.operator, cst.Not)
        case cst.BooleanOperation():
            return is_tested(code, parent)
        case cst.GeneratorExp() | cst.ListComp():
            return parent.elt is node and _is_counted(code, parent)
        case cst.Element() | cst.Arg():
            return _is_counted(code, parent)
        case _:
            return False


_HOLDERS = cst.Arg | cst.List | cst.Tuple | cst.GeneratorExp | cst.ListComp | cst.Element


def _is_counted(code: Code, node: cst.CSTNode) -> bool:
    """Whether it goes into `all` or `any`, by itself or in a list."""
    for one in code.around(node):
        if isinstance(one, cst.Call):
            return last_name(one.func) in ("all", "any")
        if not isinstance(
            one, cst.Arg | cst.List | cst.Tuple | cst.GeneratorExp | cst.ListComp | cst.Element
        ):
            return False
    return False


def numbers_in(node: cst.CSTNode) -> frozenset[int]:
    """The whole numbers that stand in an expression."""
    if isinstance(node, cst.Integer):
        return frozenset({node.evaluated_value})
    return frozenset(number for child in node.children for number in numbers_in(child))
