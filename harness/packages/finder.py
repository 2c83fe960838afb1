"""The two views of `sys.modules`, and the finders that fill them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
"""The folder of our packages: a checkout, or site-packages."""

NAMES = frozenset({"fakes", "reports", "scenarios"})
_OWN = __name__.rpartition(".")[0]
_COPY = Path("harness", "pytest_plugin", "__init__.py")
"""What tells a copy of saga-chaos from a user's folder."""


class NameTakenError(ModuleNotFoundError):
    """A user's package called `harness` cannot be imported, for ours has the name."""


# The two views --------------------------------------------------------------------------------

_ours: dict[str, ModuleType] = {}
_outside: dict[str, ModuleType] = {}
_depth = 0
_lock = threading.Lock()


@contextmanager
def our_packages() -> Iterator[None]:
    """Inside, `fakes`, `reports` and `scenarios` are ours; afterwards they are what they were before.

    For import statements alone: what they bring stays ours, and works outside. The view is of the
    whole process, so a thread that imports a user's namesake at the same time may be given ours.
    """
    global _depth  # noqa: PLW0603 - `sys.modules` is one for the process, and so is what we know of it
    with _lock:
        _depth += 1
        if _depth == 1:
            _outside.update(_taken_out())
            sys.modules.update(_ours)
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _taken_out()
                sys.modules.update(_outside)
                _outside.clear()


def make_room(folder: Path) -> None:
    """Let the user's code import the namesakes in `folder`, where it has imported ours so far."""
    imported = [name for name, module in _ours.items() if sys.modules.get(name) is module]
    tops = {name.partition(".")[0] for name in imported}
    theirs = {top for top in tops if _theirs(top, [str(folder)]) is not None}
    for name in imported:
        if name.partition(".")[0] in theirs:
            del sys.modules[name]


def forget_ours(top: str) -> None:
    """Load our package of that name anew when it is next asked for: in a process that has other sources."""
    with _lock:
        for name in [name for name in _ours if name.partition(".")[0] == top]:
            module = _ours.pop(name)
            for known in (name, module.__name__):
                sys.modules.pop(known, None)
            _outside.pop(name, None)


def is_ours(name: str) -> bool:
    """Whether there is a module of that name among ours."""
    if name.partition(".")[0] not in NAMES:
        return False
    return any(file.is_file() for file in _files(name))


def _taken_out() -> dict[str, ModuleType]:
    names = [name for name in list(sys.modules) if name.partition(".")[0] in NAMES]
    return {name: sys.modules.pop(name) for name in names}


# Finding --------------------------------------------------------------------------------------


class _Finder(MetaPathFinder):
    """First of all finders: our packages, and those of the user that ordinary rules would hide."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del target
        top = name.partition(".")[0]
        if top in NAMES:
            return _find(name, path)
        if name.startswith(f"{_OWN}.") and name.split(".")[2] in NAMES:
            return ModuleSpec(name, _UnderOwnName())
        if name == "tests" and _is_ours(PathFinder.find_spec(name)):
            return _theirs(name, sys.path)  # ours are there in an editable install
        return None


class _Explainer(MetaPathFinder):
    """Last of all finders: asked for what nobody found."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Nothing. Raises NameTakenError for what may well be in a user's package called `harness`."""
        del path, target
        hidden = _theirs("harness", sys.path) if name.startswith("harness.") else None
        if hidden is not None:
            raise NameTakenError(
                f"No module named {name!r}: `harness` is the package of saga-chaos in {ROOT / 'harness'}, "
                f"and hides yours in {_place(hidden)}. Rename yours; or, where pytest is to run "
                "without saga-chaos, give it -p no:saga-chaos",
                name="harness",
            )
        return None


def _find(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """A spec for ours; None where the ordinary finders know better."""
    if path is None and _depth:
        path = [str(ROOT)]
    found = PathFinder.find_spec(name, path)
    if found is None or found.origin is None or not _is_ours(found):
        return None
    if path is None:
        theirs = _theirs(name, sys.path)
        if theirs is not None:
            return theirs
    return spec_from_file_location(
        name,
        found.origin,
        loader=_Loader(name, found.origin),
        submodule_search_locations=found.submodule_search_locations,
    )


def _is_ours(spec: ModuleSpec | None) -> bool:
    if spec is None or spec.origin is None:
        return False
    return Path(spec.origin).resolve() in _files(spec.name)


def _files(name: str) -> tuple[Path, Path]:
    """Where a module of that name is, if it is ours."""
    place = ROOT.joinpath(*name.split("."))
    return place / "__init__.py", place.with_name(f"{place.name}.py")


def _theirs(top: str, entries: Sequence[str]) -> ModuleSpec | None:
    """What those folders have of that name, beside saga-chaos; a folder without Python is no package."""
    found = PathFinder.find_spec(top, [entry for entry in entries if not _is_copy(entry)])
    if found is None or found.loader is not None:
        return found
    portions = [place for place in found.submodule_search_locations or () if _has_python(Path(place))]
    package = ModuleSpec(top, None, is_package=True)
    package.submodule_search_locations = portions
    return package if portions else None


def _is_copy(entry: str) -> bool:
    try:
        return (Path(entry) / _COPY).is_file()
    except OSError:
        return False  # a folder that may not be read


def _has_python(folder: Path) -> bool:
    return next(folder.rglob("*.py"), None) is not None


def _place(spec: ModuleSpec) -> str:
    return spec.origin or ", ".join(spec.submodule_search_locations or ())


# Loading --------------------------------------------------------------------------------------


class _Loader(SourceFileLoader):
    """Loads a module of ours once, amid ours, whoever imports it."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return _ours.get(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        name = self.name
        if _ours.get(name) is module:
            return
        code = self.get_code(name)
        assert code is not None  # it was found by its source
        module.__name__ = f"{_OWN}.{name}"
        _keep(name, module)
        try:
            with our_packages():
                exec(code, module.__dict__)  # noqa: S102 - as every loader does
        except BaseException:
            del _ours[name], sys.modules[module.__name__]
            raise


class _UnderOwnName(Loader):
    """For what was pickled in another process: the module, by the name that nobody else has."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        with our_packages():
            module = import_module(spec.name.removeprefix(f"{_OWN}."))
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


def _keep(name: str, module: ModuleType) -> None:
    _ours[name] = sys.modules[f"{_OWN}.{name}"] = module


def _install() -> None:
    """Before anything of ours, and after all; what was imported before this is kept."""
    for name, module in list(sys.modules.items()):
        spec: ModuleSpec | None = getattr(module, "__spec__", None)
        if name.partition(".")[0] in NAMES and _is_ours(spec):
            _keep(name, module)
    sys.meta_path.insert(0, _Finder())
    sys.meta_path.append(_Explainer())


_install()
