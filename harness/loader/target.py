"""A callable saga named in a saga.toml: `target = "sagas.py:order"`, or `package.module:object`.

Owns the check that it is a function that could be a saga, and the environment it is called in.
Refuses to call it.
"""

from __future__ import annotations

import functools
import inspect
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import cast

from harness.adapter import CallableSaga, SagaContext
from harness.errors import ScenarioError, misplaced
from harness.loader.modules import find_object, import_file, import_name
from harness.saga import Json

Saga = Callable[[SagaContext, Json], object]
_EXPECTED = "a function saga(ctx, input), with or without async"


def load_target(
    target: str, folder: Path, where: str, *, env: Mapping[str, str], durable: bool
) -> CallableSaga:
    """The saga that `target` names, from the folder of the file that names it."""
    source, colon, dotted = target.rpartition(":")
    if not (source and colon and dotted):
        raise ScenarioError(misplaced(where, target, "'sagas.py:order' or 'package.module:object'"))
    environment = SagaEnvironment(env)
    with environment if env else nullcontext():
        found = find_object(_module(source, folder, where), dotted, where)
    function = _saga(found, target, where)
    try:
        return CallableSaga(environment.around(function) if env else function, target, durable)
    except ScenarioError as error:
        raise ScenarioError(f"{where}: {error}") from None


def load_object(name: str, folder: Path, where: str) -> object:
    """What `checks.py:NAME` or `package.module:NAME` names, from the folder of the file that names it."""
    source, _, dotted = name.rpartition(":")
    if not (source and dotted):
        raise ScenarioError(misplaced(where, name, "'checks.py:NAME' or 'package.module:NAME'"))
    return find_object(_module(source, folder, where), dotted, where)


def is_file(source: str) -> bool:
    """Whether what stands before the colon is a path, and not the name of a module."""
    return source.endswith(".py") or "/" in source or "\\" in source


def _module(source: str, folder: Path, where: str) -> ModuleType:
    if is_file(source):
        return import_file(folder / source, where)
    return import_name(source, folder, where)


def _saga(found: object, target: str, where: str) -> Saga:
    if not callable(found) or isinstance(found, type):
        raise ScenarioError(misplaced(where, found, _EXPECTED))
    if inspect.isgeneratorfunction(found) or inspect.isasyncgenfunction(found):
        raise ScenarioError(misplaced(where, target, f"{_EXPECTED}, and this one yields"))
    return cast("Saga", found)


class SagaEnvironment(AbstractContextManager[None]):
    """Sets environment variables while at least one call of a saga is under way.

    Counted, because sagas overlap: the first call sets them, the last one puts back what was there.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._before: Mapping[str, str | None] = {}
        self._inside = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._before = {name: os.environ.get(name) for name in self._variables}
                os.environ.update(self._variables)

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._restore()

    def around(self, function: Saga) -> Saga:
        """The same saga, called with these variables; asynchronous where it was."""
        if CallableSaga(function, "").asynchronous:
            return self._around_asynchronous(function)

        @functools.wraps(function)
        def call(ctx: SagaContext, input_: Json) -> object:
            with self:
                return function(ctx, input_)

        return call

    def _around_asynchronous(self, function: Saga) -> Saga:
        @functools.wraps(function)
        async def call(ctx: SagaContext, input_: Json) -> object:
            with self:
                return await function(ctx, input_)  # type: ignore[misc]

        return call

    def _restore(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
