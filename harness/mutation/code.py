"""A saga's source as a tree that can be asked: what stands where, which calls talk to participants.

Owns parsing, places, and the one question that needs more than one function: whether a call ends in
a request. Refuses to know any operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

import libcst as cst
from libcst import metadata

from harness.mutation.nodes import (
    all_nodes,
    called_name,
    dotted,
    last_name,
    named_undo,
    own_nodes,
    sent_by_client,
)
from harness.mutation.words import OF_HARNESS, RECORD, SLEEP, UNDO

_Node = TypeVar("_Node", bound=cst.CSTNode)
_Parents = Mapping[cst.CSTNode, cst.CSTNode]
_Places = Mapping[cst.CSTNode, metadata.CodeRange]
_AWAITED_IDLY = frozenset({"gather", "wait", "wait_for", "shield", "timeout", "acquire", "to_thread"})


class Code:
    """One file.

    known: names of functions that are written in the saga's files, methods with a dot before them.
    talking: those that end in a request. `harness.mutation.talking` finds out both.
    key_header: the header that carries idempotency keys.
    """

    def __init__(self, name: str, text: str, *, key_header: str = "Idempotency-Key") -> None:
        self.name = name
        self.text = text
        self.key_header = key_header
        self.talking: frozenset[str] = frozenset()
        self.known: frozenset[str] = frozenset()
        wrapper = metadata.MetadataWrapper(cst.parse_module(text))
        self.module = wrapper.module
        found = wrapper.resolve_many(
            (
                metadata.ParentNodeProvider,
                metadata.PositionProvider,
                metadata.WhitespaceInclusivePositionProvider,
            )
        )
        self._parents = cast("_Parents", found[metadata.ParentNodeProvider])
        self._positions = cast("_Places", found[metadata.PositionProvider])
        self._whole = cast("_Places", found[metadata.WhitespaceInclusivePositionProvider])
        self._nodes = list(all_nodes(self.module))
        self._modules = frozenset(self._imported_modules())
        self._told_to_the_harness = frozenset(self._inside_harness_calls())
        self._talk: dict[cst.CSTNode, bool] = {}

    # Places ---------------------------------------------------------------------------------

    def of(self, *types: type[_Node]) -> Iterator[_Node]:
        """All nodes of these types, in the order of the source, less what tells the harness."""
        for node in self._nodes:
            if isinstance(node, types) and node not in self._told_to_the_harness:
                yield node

    def line(self, node: cst.CSTNode) -> int:
        """The first line of a node, from 1 on."""
        return self._positions[node].start.line

    def lines(self, node: cst.CSTNode) -> range:
        """All its lines."""
        place = self._positions[node]
        return range(place.start.line, place.end.line + 1)

    def source(self, node: cst.CSTNode) -> str:
        """As it is written."""
        return self.module.code_for_node(node).strip()

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """What it stands in."""
        return self._parents.get(node)

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """All that it stands in, innermost first."""
        inner = self.parent(node)
        while inner is not None:
            yield inner
            inner = self.parent(inner)

    def inside(self, node: cst.CSTNode, *types: type[_Node]) -> _Node | None:
        """The innermost of these types around a node."""
        return next((one for one in self.around(node) if isinstance(one, types)), None)

    def function(self, node: cst.CSTNode) -> str:
        """`Class.method` around a node; empty at the level of the module."""
        names = [
            one.name.value for one in self.around(node) if isinstance(one, cst.FunctionDef | cst.ClassDef)
        ]
        return ".".join(reversed(names))

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """The whole statement that a node stands in."""
        if isinstance(node, cst.BaseStatement):
            return node
        return self.inside(node, cst.BaseStatement) or self.module  # type: ignore[type-abstract]

    def replaced(self, old: cst.CSTNode, new: cst.CSTNode) -> str:
        """The text with one node in the place of another; only the outermost statement is written anew."""
        top = next(one for one in (old, *self.around(old)) if self.parent(one) is self.module)
        written = self.module.code_for_node(top.deep_replace(old, new))
        place = self._whole[top]
        lines = self.text.splitlines(keepends=True)
        before = "".join(lines[: place.start.line - 1]) + lines[place.start.line - 1][: place.start.column]
        after = lines[place.end.line - 1][place.end.column :] if place.end.line <= len(lines) else ""
        return before + written + after + "".join(lines[place.end.line :])

    # Meanings -------------------------------------------------------------------------------

    def talks(self, node: cst.CSTNode) -> bool:
        """Whether something in it sends a request, or calls what does; nested functions aside."""
        if node not in self._talk:
            self._talk[node] = any(self._talks_itself(one) for one in own_nodes(node))
        return self._talk[node]

    def sends(self, node: cst.CSTNode) -> bool:
        """Whether it is itself the call that sends a request."""
        return isinstance(node, cst.Call) and sent_by_client(node)

    def undoes(self, node: cst.CSTNode) -> bool:
        """Whether it is a call that talks, and takes something back."""
        return isinstance(node, cst.Call) and self.talks(node) and named_undo(node)

    def undoing(self, node: cst.CSTNode) -> bool:
        """Whether something in it undoes."""
        return any(self.undoes(one) for one in own_nodes(node))

    def only_undoes(self, node: cst.CSTNode) -> bool:
        """Whether whatever talks in it undoes, and something does."""
        calls = [one for one in own_nodes(node) if isinstance(one, cst.Call) and self._talks_itself(one)]
        return bool(calls) and all(self.undoes(one) for one in calls)

    def parameter(self, arg: cst.Arg) -> str:
        """The name by which a call passes an argument; by position, where what is called is in this file."""
        if arg.keyword is not None:
            return arg.keyword.value
        call = self.parent(arg)
        if not isinstance(call, cst.Call) or any(one.star for one in call.args):
            return ""
        place = list(call.args).index(arg)
        for function in self._nodes:
            if isinstance(function, cst.FunctionDef) and self._defined_name(function) == self._call_name(
                call
            ):
                method = self._defined_name(function).startswith(".")
                names = [one.name.value for one in (*function.params.posonly_params, *function.params.params)]
                return "".join(names[place + method : place + method + 1])
        return ""

    def in_undo(self, node: cst.CSTNode) -> bool:
        """Whether it stands in a function that is named for undoing."""
        return any(UNDO.search(name) for name in self.function(node).split("."))

    def calls(self) -> Mapping[str, tuple[bool, frozenset[str]]]:
        """For each function: whether it sends by itself, and the names that it calls."""
        found: dict[str, tuple[bool, frozenset[str]]] = {}
        for function in self._nodes:
            if isinstance(function, cst.FunctionDef):
                own = list(own_nodes(function.body))
                name = self._defined_name(function)
                sends, names = found.get(name, (False, frozenset()))
                called = {self._call_name(one) for one in own if isinstance(one, cst.Call)}
                found[name] = (sends or any(self._sends(one) for one in own), names | called)
        return found

    def functions(self) -> Iterator[str]:
        """The names of its functions, those of methods with a dot."""
        yield from (self._defined_name(one) for one in self._nodes if isinstance(one, cst.FunctionDef))

    def _defined_name(self, function: cst.FunctionDef) -> str:
        method = isinstance(self.inside(function, cst.FunctionDef, cst.ClassDef), cst.ClassDef)
        return f".{function.name.value}" if method else function.name.value

    def _call_name(self, call: cst.Call) -> str:
        """With a dot for what is called on an object; a module is none."""
        if isinstance(call.func, cst.Attribute) and last_name(call.func.value) not in self._modules:
            return f".{call.func.attr.value}"
        return called_name(call)

    def _talks_itself(self, node: cst.CSTNode) -> bool:
        return self._sends(node) or (isinstance(node, cst.Call) and self._call_name(node) in self.talking)

    def _sends(self, node: cst.CSTNode) -> bool:
        """By a client, by a command that is yielded, or by something awaited that is written elsewhere."""
        if isinstance(node, cst.Assign | cst.AnnAssign):
            return isinstance(node.value, cst.Yield) and not isinstance(node.value.value, cst.From)
        if isinstance(node, cst.Await):
            if not isinstance(node.expression, cst.Call):
                return False
            name = called_name(node.expression)
            idle = name in _AWAITED_IDLY or SLEEP.match(name) or RECORD.match(name)
            return not idle and self._call_name(node.expression) not in self.known
        return isinstance(node, cst.Call) and sent_by_client(node)

    def _inside_harness_calls(self) -> Iterator[cst.CSTNode]:
        names = self._imported_from_harness() & OF_HARNESS
        for node in self._nodes:
            if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in names:
                yield from all_nodes(node)

    def _imported_modules(self) -> Iterator[str]:
        """Names that stand for modules, as far as an import tells."""
        for one in self._nodes:
            if isinstance(one, cst.Import):
                for alias in one.names:
                    yield alias.evaluated_alias or alias.evaluated_name.partition(".")[0]

    def imported(self) -> Mapping[str, tuple[str, str]]:
        """By the name that it has here: the last part of the module it comes from, and its name there."""
        return {
            alias.evaluated_alias or alias.evaluated_name: (last_name(one.module), alias.evaluated_name)
            for one in self._nodes
            if isinstance(one, cst.ImportFrom)
            and one.module is not None
            and not isinstance(one.names, cst.ImportStar)
            for alias in one.names
        }

    def _imported_from_harness(self) -> frozenset[str]:
        return frozenset(
            alias.evaluated_alias or alias.evaluated_name
            for one in self._nodes
            if isinstance(one, cst.ImportFrom)
            and one.module is not None
            and not isinstance(one.names, cst.ImportStar)
            and dotted(one.module).startswith("harness")
            for alias in one.names
        )
