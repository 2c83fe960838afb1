"""Which functions of a saga end in a request to a participant, however many calls away.

Owns the question that needs all files of a saga at once. Functions are told apart by file and name,
methods by their name alone, for nothing says what an object is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from harness.mutation.code import Code
from harness.mutation.words import SLEEP

_Calls = Mapping[str, tuple[bool, frozenset[str]]]


def read_codes(texts: Mapping[str, str], key_header: str) -> tuple[Code, ...]:
    """The files of one saga by name, each told which of the functions that it calls talk."""
    codes = tuple(Code(name, text, key_header=key_header) for name, text in texts.items())
    defined = {code.name: frozenset(code.functions()) for code in codes}
    names = {code.name: _Names(code, defined) for code in codes}
    for code in codes:
        code.known = frozenset(name for name in names[code.name].all() if names[code.name].functions(name))
    calls = {code.name: code.calls() for code in codes}
    talking = _talking(calls, names)
    for code in codes:
        code.talking = frozenset(
            name
            for name in names[code.name].all()
            if not SLEEP.match(name.removeprefix("."))
            and talking.intersection(names[code.name].functions(name))
        )
    return codes


class _Names:
    """What the names in one file stand for: functions as `file:name`, methods as `.name`."""

    def __init__(self, code: Code, defined: Mapping[str, frozenset[str]]) -> None:
        self._own = code.name
        self._defined = defined
        self._imported = code.imported()

    def all(self) -> frozenset[str]:
        """Every name that may stand for a function here."""
        return self._defined[self._own].union(self._imported, *map(_methods, self._defined.values()))

    def functions(self, name: str) -> frozenset[str]:
        """What a name that is called may stand for; nothing, where it is none of the saga's."""
        if name.startswith("."):
            return frozenset({name} if any(name in names for names in self._defined.values()) else ())
        if name in self._defined[self._own]:
            return frozenset({f"{self._own}:{name}"})
        if name not in self._imported:
            return frozenset()
        module, there = self._imported[name]
        found = [file for file, names in self._defined.items() if there in names]
        near = [file for file in found if PurePosixPath(file).stem == module]
        return frozenset(f"{file}:{there}" for file in near or found)


def _methods(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.startswith("."))


def _talking(calls: Mapping[str, _Calls], names: Mapping[str, _Names]) -> frozenset[str]:
    called: dict[str, frozenset[str]] = {}
    talking: set[str] = set()
    for file, functions in calls.items():
        for name, (sends, inside) in functions.items():
            (key,) = names[file].functions(name)
            called[key] = called.get(key, frozenset()).union(*(names[file].functions(one) for one in inside))
            if sends:
                talking.add(key)
    while True:
        more = {key for key, inside in called.items() if inside & talking} - talking
        if not more:
            return frozenset(talking)
        talking |= more
