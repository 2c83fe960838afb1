"""What one node of a tree says by itself: its names, its text, and what it looks like it does.

Refuses what needs to know more than the node: `harness.mutation.code` knows the file.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from harness.mutation.words import CLIENT, RECORD, SENDS, SENDS_BY_CLIENT, UNDO, UNDO_ROUTE


def called_name(call: cst.Call) -> str:
    """`send` for `self.line.send(…)`."""
    return last_name(call.func)


def last_name(node: cst.CSTNode) -> str:
    """The name of a name or of an attribute; else nothing."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def dotted(node: cst.CSTNode) -> str:
    """`self.line.send`, with calls and subscripts left out."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    if isinstance(node, cst.Call):
        return dotted(node.func)
    if isinstance(node, cst.Subscript):
        return dotted(node.value)
    return last_name(node)


def text_of(node: cst.CSTNode) -> str | None:
    """The value of a plain string."""
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def unwrapped(node: cst.CSTNode) -> cst.CSTNode:
    """What is awaited, or yielded from."""
    if isinstance(node, cst.Await):
        return node.expression
    if isinstance(node, cst.Yield) and isinstance(node.value, cst.From):
        return node.value.item
    return node


def is_record(statement: cst.CSTNode) -> bool:
    """Whether a small statement puts something on record: `log.append(…)`, `kept[step] = …`."""
    if isinstance(statement, cst.Expr):
        call = unwrapped(statement.value)
        return isinstance(call, cst.Call) and RECORD.match(called_name(call)) is not None
    if isinstance(statement, cst.Assign):
        return any(isinstance(one.target, cst.Subscript) for one in statement.targets)
    return False


def sent_by_client(call: cst.Call) -> bool:
    """Whether a call is named like one that a client sends a request with."""
    name = called_name(call)
    receiver = dotted(call.func.value) if isinstance(call.func, cst.Attribute) else ""
    return name in SENDS or (name in SENDS_BY_CLIENT and CLIENT.search(receiver) is not None)


def named_undo(call: cst.Call) -> bool:
    """Whether a call is named for undoing, or names a route that undoes."""
    if UNDO.search(called_name(call)):
        return True
    texts = (text_of(arg.value) or _formatted(arg.value) for arg in call.args)
    return any(UNDO_ROUTE.search(text) for text in texts)


def _formatted(node: cst.CSTNode) -> str:
    """The fixed parts of an f-string."""
    if not isinstance(node, cst.FormattedString):
        return ""
    return "".join(part.value for part in node.parts if isinstance(part, cst.FormattedStringText))


def all_nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and all that is in it."""
    yield node
    for child in node.children:
        yield from all_nodes(child)


def own_nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and what is in it, but for functions that are only defined there."""
    yield node
    for child in node.children:
        if not isinstance(child, cst.FunctionDef | cst.ClassDef | cst.Lambda):
            yield from own_nodes(child)
