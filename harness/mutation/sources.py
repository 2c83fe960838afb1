"""Which Python files are a saga's own: where mistakes may be planted.

Owns the rule (the file of the saga, and what that imports from the same folder, unless the scenario
names its sources) and the refusal of sagas without Python. Refuses to import anything: imports are
read from the text.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.adapter import CallableSaga
from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import SubprocessSaga
from harness.errors import ScenarioError, misplaced
from harness.scenario import Scenario

_PYTHON_ONLY = (
    "Python to plant mistakes in; the command of a saga in Python names its file, "
    "like ['python3', 'saga.py'], or [saga] sources names the Python that it runs"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The files, absolute, and the folder that their names are told from.

    root: what a command's process has to be given a copy of; None for a callable, which is imported.
    """

    files: tuple[Path, ...]
    folder: Path
    root: Path | None = None

    def name(self, file: Path) -> str:
        """The path of a file in messages: from the folder, with `/`."""
        for ups, base in enumerate((self.folder, *self.folder.parents)):
            if file.is_relative_to(base):
                return "../" * ups + file.relative_to(base).as_posix()
        return file.as_posix()


def find_sources(scenario: Scenario) -> Sources:
    """Raises ScenarioError where there is no Python, or a file is missing or cannot be parsed."""
    saga = scenario.saga
    if isinstance(saga, CallableSaga):
        return _of_callable(scenario, saga)
    if isinstance(saga, SubprocessSaga):
        return _of_command(scenario, saga.command, saga.cwd)
    assert isinstance(saga, HttpSaga)
    if not saga.start:
        where = f"scenario {scenario.name!r}, saga {saga.name}"
        expected = "start = ['…'], the command that starts it: a mistake is planted before it starts"
        raise ScenarioError(misplaced(where, "a service that is started elsewhere", expected))
    return _of_command(scenario, saga.start, saga.cwd)


def _of_callable(scenario: Scenario, saga: CallableSaga) -> Sources:
    files = tuple(dict.fromkeys(file for one in saga.written if (file := _file_of(one)) is not None))
    where = f"scenario {scenario.name!r}, saga {saga.name}"
    if not files:
        raise ScenarioError(misplaced(where, "no file of its own", "a function in a Python file"))
    folder = files[0].parent
    if scenario.sources is not None:
        return Sources(files=_named(scenario, folder), folder=folder)
    roots = dict.fromkeys(root for file in files for root in (file.parent, _import_root(file)))
    return Sources(files=_reached(files, tuple(roots), folder), folder=folder)


def _of_command(scenario: Scenario, command: Sequence[str], cwd: Path) -> Sources:
    cwd = cwd.resolve()
    begun = tuple(dict.fromkeys(_of_arguments(command, cwd)))
    folder = begun[0].parent if begun else cwd
    if scenario.sources is not None:
        files = _named(scenario, cwd)
        for file in files:
            if not file.is_relative_to(cwd):
                where = f"scenario {scenario.name!r}, sources"
                raise ScenarioError(
                    misplaced(where, str(file), f"a file below {cwd}, where the command runs")
                )
    elif begun:
        files = _reached(begun, (folder, cwd), folder)
    else:
        where = f"scenario {scenario.name!r}, saga {' '.join(command)}"
        raise ScenarioError(misplaced(where, "a command of another language", _PYTHON_ONLY))
    return Sources(files=files, folder=folder, root=cwd)


def _of_arguments(command: Sequence[str], cwd: Path) -> Iterator[Path]:
    """Files of Python below the folder that a command names: `saga.py`, or `-m package.module`."""
    for before, argument in zip(("", *command), command, strict=False):
        path = (cwd / argument).resolve()
        if argument.endswith(".py") and path.is_file() and path.is_relative_to(cwd):
            yield path
        elif before == "-m":
            yield from _module_files(argument, cwd, main=True)


def _named(scenario: Scenario, folder: Path) -> tuple[Path, ...]:
    files: list[Path] = []
    for one in scenario.sources or ():
        path = (folder / one).resolve()
        found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        where = f"scenario {scenario.name!r}, sources"
        if not path.is_dir() and not (path.is_file() and path.suffix == ".py"):
            raise ScenarioError(misplaced(where, str(path), "a Python file or a folder that is there"))
        files += found
    if not files:
        where = f"scenario {scenario.name!r}, sources"
        raise ScenarioError(misplaced(where, "no Python file", "at least one"))
    for file in files:
        _parsed(file)
    return tuple(dict.fromkeys(files))


def _file_of(function: object) -> Path | None:
    """The file in which a function, or the class of a callable object, is written."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function) if callable(function) else function
    name = getattr(function, "__module__", None) or type(function).__module__
    file = getattr(sys.modules.get(name), "__file__", None)
    return None if file is None or not file.endswith(".py") else Path(file).resolve()


def _import_root(file: Path) -> Path:
    """Where the import of a file's package starts: above the topmost folder with an `__init__.py`."""
    folder = file.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _reached(begun: Sequence[Path], roots: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """These files and what they import from the folder, and so on; in the order in which they are met."""
    found: list[Path] = []
    waiting = list(begun)
    while waiting:
        file = waiting.pop(0)
        if file not in found:
            found.append(file)
            waiting += [one for one in _imported(file, roots) if one.is_relative_to(folder)]
    return tuple(found)


def _imported(file: Path, roots: Sequence[Path]) -> Iterator[Path]:
    for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _found(alias.name, roots)
        elif isinstance(node, ast.ImportFrom):
            starts = [file.parents[node.level - 1]] if node.level else roots
            names = [f"{node.module}.{alias.name}" if node.module else alias.name for alias in node.names]
            for name in (*([node.module] if node.module else ()), *names):
                yield from _found(name, starts)


def _found(name: str, roots: Sequence[Path]) -> Iterator[Path]:
    for root in dict.fromkeys(roots):
        yield from _module_files(name, root)


def _module_files(name: str, root: Path, *, main: bool = False) -> Iterator[Path]:
    """The file of a module below a folder; the `__main__.py` of a package that is run."""
    path = root.joinpath(*name.split("."))
    candidates = [path.with_suffix(".py"), path / ("__main__.py" if main else "__init__.py")]
    yield from (one.resolve() for one in candidates if one.is_file())


def _parsed(file: Path) -> ast.Module:
    try:
        text = file.read_bytes()
        text.decode("utf-8-sig")
        return ast.parse(text, str(file))
    except UnicodeDecodeError as error:
        raise ScenarioError(misplaced(f"{file}, byte {error.start}", error.reason, "UTF-8")) from None
    except OSError as error:
        raise ScenarioError(misplaced(str(file), error.strerror or str(error), "a file to read")) from None
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ScenarioError(
            misplaced(f"{file}, line {line}", str(error), "Python that can be parsed")
        ) from None
