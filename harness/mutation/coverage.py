"""Which statements of a saga a search executes: a mistake where none ever comes cannot be found.

Owns the instrumented copy of a source, which notes each statement the first time that a process comes
to it, and the reading of those notes. No tracer, for a saga runs in greenlets, in tasks and in
processes of its own; a line in a file outlives them all.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROBE = "_saga_chaos_came_to"
_DEFINED = """\
def {probe}(line, came=set(), os=__import__("os"), to=__import__("os").open({notes!r}, {flags}, 0o600)):
    if line not in came:
        came.add(line)
        os.write(to, f"{index} {{line}}\\n".encode())
"""
"""The file is opened once, when the module is imported: a simulated run must not see it."""


@dataclass(frozen=True, slots=True)
class Executed:
    """By file: the first lines of the statements that were executed, and of all that there are."""

    lines: Mapping[Path, frozenset[int]]
    spans: Mapping[Path, tuple[range, ...]]

    def any_of(self, file: Path, lines: Iterable[int]) -> bool:
        """Whether a statement on one of these lines was executed."""
        return any(self._statement(file, line) in self.lines[file] for line in lines)

    def _statement(self, file: Path, line: int) -> int:
        """The first line of the innermost statement on a line; the next one, where there is none."""
        around = [span.start for span in self.spans[file] if line in span]
        after = [span.start for span in self.spans[file] if span.start > line]
        return max(around) if around else min(after, default=line)


def instrumented(files: Iterable[Path], notes: Path) -> dict[Path, str]:
    """The sources, each with a probe before every statement. Needs no import and no environment."""
    return {file: _with_probes(file, index, notes) for index, file in enumerate(files)}


def read_executed(files: Iterable[Path], notes: Path) -> Executed:
    """What the probes noted."""
    given = tuple(files)
    came: dict[Path, set[int]] = {file: set() for file in given}
    text = notes.read_text(encoding="ascii") if notes.exists() else ""
    for note in text.splitlines():
        index, _, line = note.partition(" ")
        if line.isdigit():  # a process that was killed may have left half a note
            came[given[int(index)]].add(int(line))
    spans = {file: tuple(_spans(_parsed(file))) for file in given}
    return Executed({file: frozenset(lines) for file, lines in came.items()}, spans)


def _with_probes(file: Path, index: int, notes: Path) -> str:
    tree = _parsed(file)
    for body in _bodies(tree):
        body[:] = _probed(body)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    defined = _DEFINED.format(probe=_PROBE, notes=str(notes), flags=flags, index=index)
    head = _head(tree.body)
    tree.body[head:head] = ast.parse(defined).body
    return ast.unparse(ast.fix_missing_locations(tree))


def _head(body: list[ast.stmt]) -> int:
    """How many statements have to come first: the docstring, and imports from `__future__`."""
    count = 0
    for one in body:
        doc = count == 0 and _is_docstring(one)
        future = isinstance(one, ast.ImportFrom) and one.module == "__future__"
        if not (doc or future):
            break
        count += 1
    return count


def _probed(body: list[ast.stmt]) -> list[ast.stmt]:
    probed: list[ast.stmt] = []
    for index, one in enumerate(body):
        first = index == 0 and _is_docstring(one)
        future = isinstance(one, ast.ImportFrom) and one.module == "__future__"
        if not (first or future):
            call = ast.Call(ast.Name(_PROBE, ast.Load()), [ast.Constant(_first_line(one))], [])
            probed.append(ast.Expr(call))
        probed.append(one)
    return probed


def _is_docstring(one: ast.stmt) -> bool:
    return (
        isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str)
    )


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in list(ast.walk(tree)):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield body


def _spans(tree: ast.AST) -> Iterator[range]:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            yield range(_first_line(node), (node.end_lineno or node.lineno) + 1)


def _first_line(one: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(one, "decorator_list", [])
    return min([one.lineno, *(decorator.lineno for decorator in decorators)])


def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes(), str(file))
