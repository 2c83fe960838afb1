"""The user's Python: modules imported once and objects found in them, refused in the user's terms.

Owns the import of a module by name or by path, with its folder's neighbours, and the search for a
dotted name in it. Refuses to show a traceback of ours: what goes wrong in the user's code is reported
with the user's file and line.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from harness.errors import SagaChaosError, ScenarioError, meant_path, misplaced, nearest
from harness.packages import NameTakenError, is_ours, make_room, our_packages

_seen_folders: set[Path] = set()

_OURS = Path(__file__).resolve().parents[2]
"""Whatever a user's files are called: what was imported from here is in use."""


def import_file(path: Path, where: str) -> ModuleType:
    """The module in a file; the same one each time that the same file is asked for."""
    path = path.resolve()
    if not path.is_file():
        raise ScenarioError(
            misplaced(where, str(path), f"a Python file, and there is none{meant_path(path)}")
        )
    name = _module_name(path)
    loaded = sys.modules.get(name)
    return loaded if loaded is not None else _run_file(name, path, where)


def import_name(name: str, folder: Path, where: str) -> ModuleType:
    """The module of that name, looked for in `folder` first."""
    _with_locks_of_a_run()
    with importable(folder):
        try:
            return _theirs_or_ours(name)
        except NameTakenError as error:
            raise broken(where, name, error, folder) from None
        except ModuleNotFoundError as error:
            if _is_missing(name, error):
                expected = f"a module in {folder} or one that is installed"
                raise ScenarioError(misplaced(where, name, expected)) from None
            raise broken(where, name, error, folder) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a module may well call sys.exit() when imported
            raise broken(where, name, error, folder) from None


def _theirs_or_ours(name: str) -> ModuleType:
    """`scenarios.order_fulfilment` is there although the user has a package `scenarios`."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not _is_missing(name, error) or not is_ours(name):
            raise
    with our_packages():
        return importlib.import_module(name)


def _is_missing(name: str, error: ModuleNotFoundError) -> bool:
    """Whether the module itself is not there, and not one that it imports."""
    return error.name is not None and (name == error.name or name.startswith(f"{error.name}."))


def find_object(module: ModuleType, dotted: str, where: str) -> object:
    """What a dotted name in a module stands for."""
    found: object = module
    for name in dotted.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise ScenarioError(misplaced(where, dotted, nearest(name, _public(found)))) from None
    return found


def _public(owner: object) -> list[str]:
    """The names that may have been meant: no private ones, no imported modules."""
    names = [name for name in dir(owner) if not name.startswith("_")]
    if not isinstance(owner, ModuleType):
        return names
    imported = {name for name, value in vars(owner).items() if isinstance(value, ModuleType)}
    return [name for name in names if name not in imported and name != "annotations"]


def broken(where: str, found: str, error: BaseException, folder: Path) -> ScenarioError:
    """For code of the user that raised: what, and where in the user's files."""
    what = (
        str(error) if isinstance(error, SagaChaosError) else f"{type(error).__name__}: {_first_line(error)}"
    )
    return ScenarioError(misplaced(where, found, f"code that runs: {_place(error, folder)}{what}"))


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported: first of all now, last of all from now on.

    Last, because our own late imports must not meet the user's modules; still there, because a
    saga may import its neighbours when it is called.
    """
    folder = folder.resolve()
    _forget_namesakes(folder)
    make_room(folder)
    _seen_folders.add(folder)
    importlib.invalidate_caches()
    entry = str(folder)
    had = entry in sys.path
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)
        if not had:
            sys.path.append(entry)


def _forget_namesakes(folder: Path) -> None:
    """Two scenarios may each have a `helpers.py`: the one must not be given the other's."""
    neighbours = {path.stem for path in folder.glob("*.py")} | {
        path.parent.name for path in folder.glob("*/__init__.py")
    }
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in neighbours:
            continue
        home = _home(module, name)
        if home in _seen_folders and home not in (folder, _OURS):
            del sys.modules[name]


def _home(module: ModuleType | None, name: str) -> Path | None:
    """The folder that the import of a module started from."""
    file = getattr(module, "__file__", None)
    if file is None:
        return None
    path = Path(file).resolve()
    levels = name.count(".") + (path.name == "__init__.py")
    return path.parents[levels] if levels < len(path.parents) else None


def _with_locks_of_a_run() -> None:
    """Modules keep locks of `threading`, which in sim hold up a saga and not the whole run."""
    from harness.clock import virtual_time  # noqa: PLC0415 - a description of inputs or a class needs no clock

    virtual_time.install_locks()


def _module_name(path: Path) -> str:
    """Unique to the path, and the same in every process."""
    return f"saga_chaos_file_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{path.stem}"


def _run_file(name: str, path: Path, where: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ScenarioError(misplaced(where, str(path), "a file that ends in .py"))
    _with_locks_of_a_run()
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses look their own module up
    try:
        with importable(path.parent):
            spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise broken(where, str(path), error, path.parent) from None
    return module


def _place(error: BaseException, folder: Path) -> str:
    """`file:line: ` of the innermost frame in the user's folder, or else of the innermost of any."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{error.filename}:{error.lineno}: "
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen")
    ]
    folder = folder.resolve()
    mine = [frame for frame in frames if Path(frame.filename).resolve().is_relative_to(folder)]
    foreign = [frame for frame in frames if frame.filename != __file__]
    innermost = [*foreign[-1:], *mine[-1:]]
    return f"{innermost[-1].filename}:{innermost[-1].lineno}: " if innermost else ""


def _first_line(error: BaseException) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return (message.splitlines() or [""])[0]
