"""Runs a saga with other sources than its files hold, in this process and in all that it starts.

Owns the one seam: a file that the environment names tells which sources stand in for which files. A
callable's modules are imported from those texts; a command runs in a copy of its folder that holds
them. The user's files are never written. What says how a saga is judged stays the original's: from a
scenario with other sources the saga alone is taken.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

import msgspec

from harness.adapter import CallableSaga, SagaAdapter
from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import SubprocessSaga
from harness.packages import NAMES, forget_ours
from harness.scenario import Scenario

VARIABLE = "SAGA_CHAOS_REPLACED"
"""Names the file that says what stands in for what; unset, files are what they are."""

_OURS = "harness.packages."
"""How our own packages are called whatever the user's are."""

Load = Callable[[str], Scenario]


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """texts: by absolute path. moved: a folder, and the copy of it in which a command runs."""

    texts: Mapping[str, str]
    moved: tuple[str, str] | None = None


@contextmanager
def replaced_by(replaced: Replaced, file: Path) -> Iterator[None]:
    """In force in this process and in those that it starts meanwhile."""
    file.write_bytes(msgspec.json.encode(replaced))
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(file)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def load_replaced(reference: str, load: Load, file: Path) -> Scenario:
    """The scenario, its saga made from the sources that stand in. Raises ScenarioError as `load` does."""
    replaced = msgspec.json.decode(file.read_bytes(), type=Replaced)
    scenario = load(reference)
    if replaced.moved is not None:
        return dataclasses.replace(scenario, saga=_moved(scenario.saga, *replaced.moved))
    assert isinstance(scenario.saga, CallableSaga)
    import_from(replaced.texts)
    _forget_importers(replaced.texts)
    return dataclasses.replace(scenario, saga=load(reference).saga)


def import_from(texts: Mapping[str, str]) -> None:
    """From now on, for ever, modules in these files are made from these texts: a process of its own."""
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        text = texts.get(os.path.realpath(path))
        if text is None:
            return original(self, fullname)
        code: CodeType = compile(text, path, "exec", dont_inherit=True)
        return code

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]


def _forget_importers(texts: Mapping[str, str]) -> None:
    """Modules that may hold something of the files: of the same packages, or in their folders."""
    folders = {os.path.realpath(Path(path).parent) for path in texts}
    homes = {
        name.removeprefix(_OURS).partition(".")[0]
        for name, module in sys.modules.items()
        if "." in name and os.path.realpath(getattr(module, "__file__", None) or "") in texts
    }
    for top in sorted(NAMES & homes):
        forget_ours(top)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        near = file is not None and os.path.realpath(os.path.dirname(file)) in folders  # noqa: PTH120
        by_path = name.startswith("saga_chaos_file_")
        kept = name.startswith("harness.") or name == "__main__"
        if not kept and (near or by_path or name.partition(".")[0] in homes):
            del sys.modules[name]


def _moved(saga: SagaAdapter, old: str, new: str) -> SagaAdapter:
    """The same command in the copy of its folder."""

    def there(text: str) -> str:
        inside = text == old or text.startswith(old + os.sep)
        return new + text[len(old) :] if inside else text

    def everywhere(text: str) -> str:
        return os.pathsep.join(there(part) for part in text.split(os.pathsep))

    if isinstance(saga, SubprocessSaga | HttpSaga):
        cwd = Path(there(str(saga.cwd.resolve())))
        env = {name: everywhere(value) for name, value in saga.env.items()}
        if isinstance(saga, SubprocessSaga):
            return dataclasses.replace(saga, cwd=cwd, env=env, command=tuple(map(there, saga.command)))
        return dataclasses.replace(saga, cwd=cwd, env=env, start=tuple(map(there, saga.start)))
    return saga
