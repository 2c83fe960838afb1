"""Loads a scenario by its reference, for every command and every worker process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.packages import our_packages
from harness.scenario import Scenario

HERE = "saga.toml"
"""What is searched where nothing is named and this folder has one."""

REPLACED = "SAGA_CHAOS_REPLACED"
"""Names a file that maps sources to their replacements: `saga-chaos mutate` sets it."""


_ROOTS = ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", ".git")
"""What a project has in its root."""


def load(reference: str) -> Scenario:
    """A registered name, a saga.toml, or a Python object.

    A relative path starts in the working folder. Called by a file outside the harness, a test say, it starts
    beside that file, then in the working folder, then in the root of that file's project.
    """
    caller = sys._getframe(1).f_globals  # noqa: SLF001 - the usual way to know who calls
    file = caller.get("__file__")
    if isinstance(file, str) and str(caller.get("__name__")).partition(".")[0] != "harness":
        reference = beside(reference, (Path(file).absolute().parent, Path.cwd(), *_root(Path(file))))
    replaced = os.environ.get(REPLACED)
    if replaced is None:
        return _load(reference)
    from harness.mutation.replaced import load_replaced  # noqa: PLC0415 - only the searches of mutants need it

    return load_replaced(reference, _load, Path(replaced))


def beside(reference: str, folders: Sequence[Path]) -> str:
    """The same reference, of the file in the first of these folders that has it; else as it is."""
    path, colon, name = reference.rpartition(":") if not reference.endswith(".toml") else (reference, "", "")
    places = (folder / path for folder in folders if path)
    found = next((place for place in places if place.is_file()), None)
    return reference if found is None else f"{found}{colon}{name}"


def _root(file: Path) -> Sequence[Path]:
    """Of the project that a file is in; empty where it is in none."""
    above = file.absolute().parents
    return [one for one in above if any((one / name).exists() for name in _ROOTS)][:1]


def _load(reference: str) -> Scenario:
    from harness.loader import load_scenario  # noqa: PLC0415 - late, see the room's docstring

    with our_packages():
        from scenarios import REGISTRY  # noqa: PLC0415 - only the command line sees everything

    return load_scenario(reference, registered=REGISTRY)


def load_all(references: Sequence[str]) -> list[Scenario]:
    """Those named; else the saga.toml of this folder; else all registered that claim to hold."""
    with our_packages():
        from scenarios import REGISTRY  # noqa: PLC0415 - see above

    here = [HERE] if Path(HERE).is_file() else []
    if references or here:
        return [load(reference) for reference in references or here]
    return [scenario for scenario in (load(name) for name in REGISTRY) if scenario.holds]
