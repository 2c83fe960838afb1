"""From sources to mutants: each place of each operator, applied to a text of its own.

Owns ids (the same source gives the same), diffs, and what is no mutant at all: a text that means the
same, or that an operator before it made already. LibCST is imported here.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.mutation.code import Code
from harness.mutation.operators import OPERATORS, Change, Operator
from harness.mutation.sources import Sources
from harness.mutation.talking import read_codes

_CONTEXT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A saga's file with one mistake in it.

    name: the file, as it is shown. lines: those of the original that it changes, from 1 on; where it only
    adds, the one that follows. broken: why it cannot be compiled, if so.
    """

    id: str
    operator: str
    file: Path
    name: str
    lines: tuple[int, ...]
    function: str
    text: str
    diff: str
    broken: str = ""

    @property
    def where(self) -> str:
        """`file:line`."""
        return f"{self.name}:{self.lines[0]}"


def plant(sources: Sources, key_header: str, operators: Iterable[str] | None = None) -> tuple[Planted, ...]:
    """All mutants of a saga, by operator in the order of the table, then as the files go."""
    files = {sources.name(file): file for file in sources.files}
    texts = {name: file.read_bytes().decode("utf-8-sig") for name, file in files.items()}
    codes = read_codes(texts, key_header)
    planter = _Planter(files)
    wanted = set(OPERATORS if operators is None else operators)
    found: list[Planted] = []
    for operator in OPERATORS.values():  # all of them, or ids and equals would depend on what is wanted
        for code in codes:
            made = list(planter.planted(operator, code))
            found += made if operator.name in wanted else []
    return tuple(found)


class _Planter:
    """Keeps what was made, so that nothing is made twice."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._made: dict[str, set[str]] = {}
        self._ids: Counter[str] = Counter()

    def planted(self, operator: Operator, code: Code) -> Iterator[Planted]:
        """The mutants of one operator in one file."""
        made = self._made.setdefault(code.name, {_meaning(code.text) or code.text})
        for change in operator.changes(code):
            text = code.replaced(change.old, change.new)
            meaning = _meaning(text)
            if (meaning or text) in made:
                continue
            made.add(meaning or text)
            yield self._one(operator, code, change, text, broken="" if meaning else _complaint(text))

    def _one(self, operator: Operator, code: Code, change: Change, text: str, broken: str) -> Planted:
        changed, told = _changed_lines(code.text, text)
        function = code.function(change.old)
        content = "\n".join((operator.name, code.name, function, *told))
        self._ids[content] += 1
        marked = f"{content}\n{self._ids[content]}".encode()
        return Planted(
            id=f"{operator.name}-{hashlib.blake2b(marked, digest_size=4).hexdigest()}",
            operator=operator.name,
            file=self._files[code.name],
            name=code.name,
            lines=changed,
            function=function,
            text=text,
            diff=_diff(code, text),
            broken=broken,
        )


def _meaning(text: str) -> str:
    """The same for texts that mean the same; empty where Python would not compile it."""
    try:
        tree = ast.parse(text)
        compile(tree, "mutant", "exec")
    except (SyntaxError, ValueError):
        return ""
    return ast.dump(tree)


def _complaint(text: str) -> str:
    try:
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError) as error:
        return f"it does not compile: {error}"
    return ""


def _changed_lines(before: str, after: str) -> tuple[tuple[int, ...], list[str]]:
    """The lines of the original that are changed, and both versions of them without their indent."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[int] = []
    told: list[str] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            lines += range(i1 + 1, i2 + 1) if i2 > i1 else [min(i1 + 1, len(old))]
            told += [f"-{line.strip()}" for line in old[i1:i2]] + [f"+{line.strip()}" for line in new[j1:j2]]
    return tuple(lines), told


def _diff(code: Code, text: str) -> str:
    lines = difflib.unified_diff(
        code.text.splitlines(), text.splitlines(), code.name, code.name, n=_CONTEXT, lineterm=""
    )
    return "\n".join(lines)
