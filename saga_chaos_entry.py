"""The ways in from outside: the command `saga-chaos` and the pytest plugin.

Stands beside the packages, under a name that nobody else has, for a user's own package may be called
`harness` too, and stand first on the path. Owns that the `harness` which is imported is ours. Refuses
to do anything else.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parent)


def main() -> None:
    """The console script."""
    from harness.cli import entry  # noqa: PLC0415 - only now is it sure to be ours

    entry()


def __getattr__(name: str) -> object:
    """`pytest_plugin`, which the command line can do without."""
    if name != "pytest_plugin":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from harness import pytest_plugin  # noqa: PLC0415 - see above

    return pytest_plugin


def _import_ours() -> None:
    """The copy of saga-chaos that stands first on the path, or else the one beside this file."""
    loaded = sys.modules.get("harness")
    if loaded is not None:
        _refuse_other(loaded.__spec__)
    elif not _is_ours(PathFinder.find_spec("harness")):
        sys.path.insert(0, _ROOT)
        try:
            import harness  # noqa: F401, PLC0415 - from now on the name is ours
        finally:
            sys.path.remove(_ROOT)


def _refuse_other(spec: ModuleSpec | None) -> None:
    """A plugin of the user's own (`pytest -p harness.plugin`) was faster."""
    if _is_ours(spec):
        return
    import pytest  # noqa: PLC0415 - the command line can do without

    place = None if spec is None else spec.origin
    raise pytest.UsageError(
        f"saga-chaos: found a package `harness`, {place}, imported before saga-chaos, "
        f"expected saga-chaos's own, in {_ROOT}. Rename yours; or, where pytest is to run "
        "without saga-chaos, give it -p no:saga-chaos"
    )


def _is_ours(spec: ModuleSpec | None) -> bool:
    folders = [] if spec is None else spec.submodule_search_locations or []
    return any(Path(folder, "pytest_plugin", "__init__.py").is_file() for folder in folders)


_import_ours()
