"""Owns what was replaced in the process: which name, by what, and who else had bound it.

`from time import sleep` copies a reference, so replacing `time.sleep` is not enough: every
loaded module outside the standard library is searched for the originals, in its globals, in
its classes, and in the defaults of its functions. Modules loaded later bind the replacement
by themselves.

The tools that run the tests keep the real thing: a virtual clock in their reports would be
a lie about them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from harness.clock.callers import OWN, rank

_LEFT_ALONE = frozenset(
    {"_hypothesis_pytestplugin", "_pytest", "coverage", "execnet", "hypothesis", "pluggy", "pytest"}
    | {"pytest_cov", "pytest_timeout", "time_machine", "xdist"}
)
_THIS_ROOM = __name__.rpartition(".")[0]
HARNESS = str(Path(__file__).parents[1]) + os.sep


class Replacements:
    """The replaced names of a process. Never undone: the replacements fall back by themselves."""

    def __init__(self) -> None:
        self._by_id: dict[int, tuple[object, Any]] = {}
        self._searched: set[str] = set()
        self._modules_seen = 0
        self._of_value: Callable[[object], object | None] | None = None

    def replace(self, owner: ModuleType | type, name: str, replacement: Any) -> None:
        """Put a replacement in one place and remember the original for the search."""
        original = getattr(owner, name)
        self._by_id.setdefault(id(original), (original, replacement))
        setattr(owner, name, replacement)

    def replace_values(self, of_value: Callable[[object], object | None]) -> None:
        """From now on replace what user modules keep, too, where it answers anything but None."""
        self._of_value = of_value

    def rebind(self) -> None:
        """Search the modules that were loaded since the last call; free when there are none."""
        if len(sys.modules) == self._modules_seen:
            return
        for name, module in list(sys.modules.items()):
            if name not in self._searched:
                self._searched.add(name)
                if _may_be_rebound(name) and isinstance(module, ModuleType):
                    self._rebind_in(module, name)
        self._modules_seen = len(sys.modules)

    def _rebind_in(self, module: ModuleType, name: str) -> None:
        of_value = self._of_value if _is_users(module) else None
        for value in self._rebind_attributes(module, of_value):
            if isinstance(value, type) and value.__module__ == name:
                self._rebind_attributes(value, of_value)

    def _rebind_attributes(
        self, owner: ModuleType | type, of_value: Callable[[object], object | None] | None
    ) -> list[object]:
        attributes = list(vars(owner).items())
        for attribute, value in attributes:
            if id(value) in self._by_id:
                setattr(owner, attribute, self._new_for(value))
            elif type(value) is FunctionType and (value.__defaults__ or value.__kwdefaults__):
                self._rebind_defaults(value)
            elif of_value is not None and (instead := of_value(value)) is not None:
                setattr(owner, attribute, instead)
        return [value for _, value in attributes]

    def _rebind_defaults(self, function: FunctionType) -> None:
        defaults = function.__defaults__ or ()
        if any(id(value) in self._by_id for value in defaults):
            function.__defaults__ = tuple(self._new_for(value) for value in defaults)
        named: Mapping[str, object] = function.__kwdefaults__ or {}
        if any(id(value) in self._by_id for value in named.values()):
            function.__kwdefaults__ = {key: self._new_for(value) for key, value in named.items()}

    def _new_for(self, value: object) -> Any:
        return self._by_id.get(id(value), (value, value))[1]


def _is_users(module: ModuleType) -> bool:
    file: str | None = getattr(module, "__file__", None)
    return file is not None and rank(file) == OWN and not file.startswith(HARNESS)


def _may_be_rebound(name: str) -> bool:
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top in _LEFT_ALONE:
        return False
    return name != _THIS_ROOM and not name.startswith(_THIS_ROOM + ".")
