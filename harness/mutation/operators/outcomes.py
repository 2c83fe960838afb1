"""Mistakes in what a saga says of itself: another word, or the word before the work."""

from __future__ import annotations

import libcst as cst

from harness.mutation.code import Code
from harness.mutation.nodes import last_name, text_of
from harness.mutation.operators.base import Change, Changes, Operator, statement
from harness.mutation.words import OUTCOMES

_OTHERS = {
    "completed": ("compensated", "running"),
    "compensated": ("completed", "stuck"),
    "stuck": ("completed",),
    "running": ("completed", "compensated"),
}
"""stuck for compensated is a mistake of its own: `failed_undo_is_done`."""


def _wrong_word(code: Code) -> Changes:
    for one in code.of(cst.SimpleString):
        word = text_of(one) or ""
        if word in OUTCOMES and _is_said(code, one):
            for other in _OTHERS[word]:
                yield Change(one, cst.SimpleString(f'"{other}"'))
    for name in code.of(cst.Attribute):
        word = name.attr.value.lower()
        if word in OUTCOMES and name.attr.value.isupper() and last_name(name.value) == "Status":
            for other in _OTHERS[word]:
                yield Change(name, name.with_changes(attr=cst.Name(other.upper())))


def _is_said(code: Code, node: cst.CSTNode) -> bool:
    """Not a docstring, a key, something compared with, or the value of a member of an enum."""
    parent = code.parent(node)
    if isinstance(parent, cst.Expr | cst.ComparisonTarget | cst.Comparison | cst.Index):
        return False
    if isinstance(parent, cst.DictElement) and parent.key is node:
        return False
    in_class = isinstance(code.inside(node, cst.ClassDef, cst.FunctionDef), cst.ClassDef)
    return not in_class


def _early(code: Code) -> Changes:
    """`completed` before the first call, `compensated` before the first undo."""
    for function in code.of(cst.FunctionDef):
        words = _words_returned(code, function)
        for block in code.of(cst.IndentedBlock):
            if not words or code.inside(block, cst.FunctionDef) is not function:
                continue
            for index, line in enumerate(block.body):
                word = _due(code, line)
                if word in words:
                    said = statement(f'return {{"status": "{word}", "detail": {{"error": "early"}}}}')
                    yield Change(
                        block, block.with_changes(body=[*block.body[:index], said, *block.body[index:]])
                    )


def _words_returned(code: Code, function: cst.FunctionDef) -> frozenset[str]:
    """The outcomes that a function returns as a mapping, if any."""
    found: set[str] = set()
    for one in code.of(cst.Return):
        if code.inside(one, cst.FunctionDef) is function and isinstance(one.value, cst.Dict):
            found |= {
                word
                for word in OUTCOMES
                if f'"{word}"' in code.source(one) or f"'{word}'" in code.source(one)
            }
    return frozenset(found)


def _due(code: Code, line: cst.BaseStatement) -> str:
    """What it would be too early to say before this statement."""
    if not code.talks(line) or isinstance(line, cst.FunctionDef):
        return ""
    calls = (one for one in _flat(line) if isinstance(one, cst.Call) and code.talks(one))
    first = next(calls, None)  # none where the saga awaits what is written elsewhere, or yields its requests
    return "compensated" if first is not None and code.undoes(first) else "completed"


def _flat(node: cst.CSTNode) -> list[cst.CSTNode]:
    return [node, *(inner for child in node.children for inner in _flat(child))]


WRONG_WORD = Operator(name="wrong_word", says="another outcome is reported", changes=_wrong_word)
EARLY_RETURN = Operator(
    name="early_return", says="the outcome is reported before the work is done", changes=_early
)
