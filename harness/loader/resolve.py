"""Which scenario a reference means.

Owns the four forms of a SCENARIO argument, and the reference that a scenario keeps so that another
process can load it again. Refuses to guess: what is none of the four is refused with the nearest.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import ScenarioError, misplaced, nearest, similar_path
from harness.loader.modules import broken, find_object, import_file, import_name
from harness.loader.target import is_file
from harness.loader.toml_file import load_toml
from harness.scenario import Scenario

Factory = Callable[[], Scenario]
_FORMS = "path/to/saga.toml, path/to/file.py:object or package.module:object"
_EXPECTED = "a Scenario, or a function without arguments that returns one"


def load_scenario(reference: str, *, registered: Mapping[str, Factory] | None) -> Scenario:
    """From a registered name, `path/to/saga.toml`, `path/to/file.py:object` or `package.module:object`.

    Raises ScenarioError, with the place and what was expected there.
    """
    factories = registered or {}
    if reference in factories:
        return dataclasses.replace(factories[reference](), reference=reference)
    if reference.endswith(".toml"):
        path = Path(reference).absolute()
        return dataclasses.replace(load_toml(reference, path), reference=str(path))
    source, colon, dotted = reference.rpartition(":")
    if source and colon and dotted:
        return _from_object(source, dotted, reference)
    raise _unknown(reference, factories)


def _from_object(source: str, dotted: str, reference: str) -> Scenario:
    where = f"scenario {reference!r}"
    if is_file(source):
        path = Path(source).absolute()
        folder, again = path.parent, f"{path}:{dotted}"
        module = import_file(path, where)
    elif source.endswith(".toml"):
        raise ScenarioError(
            misplaced("scenario", reference, f"{source!r}, which names one saga, or {_FORMS}")
        )
    else:
        folder, again = Path.cwd(), reference
        module = import_name(source, folder, where)
    found = find_object(module, dotted, where)
    scenario = found if isinstance(found, Scenario) else _made(found, dotted, where, folder)
    return dataclasses.replace(scenario, reference=again)


def _made(found: object, dotted: str, where: str, folder: Path) -> Scenario:
    if not callable(found) or inspect.iscoroutinefunction(found):
        raise ScenarioError(misplaced(where, found, _EXPECTED))
    _check_no_arguments(found, where)
    try:
        made = found()
    except Exception as error:  # noqa: BLE001 - whatever the user's function raises
        raise broken(where, f"{dotted}()", error, folder) from None
    if not isinstance(made, Scenario):
        raise ScenarioError(misplaced(f"{where}, returned", made, "a Scenario"))
    return made


def _check_no_arguments(function: Callable[..., object], where: str) -> None:
    try:
        signature = inspect.signature(function)
        signature.bind()
    except ValueError:
        return  # a builtin without a signature: the call itself will tell
    except TypeError:
        expected = f"{_EXPECTED}; a saga(ctx, input) on its own needs a saga.toml that names it as its target"
        raise ScenarioError(misplaced(where, function, expected)) from None


def _unknown(reference: str, factories: Mapping[str, Factory]) -> ScenarioError:
    path = Path(reference)
    if (path / "saga.toml").is_file():
        return ScenarioError(misplaced("scenario", reference, f"its file, {path / 'saga.toml'}"))
    if path.is_dir():
        return ScenarioError(misplaced("scenario", reference, f"a file in that folder: {_FORMS}"))
    if reference.endswith(".py"):
        return ScenarioError(misplaced("scenario", reference, f"{reference}:NAME, {_EXPECTED}"))
    similar = similar_path(reference)
    if similar is not None and Path(similar).suffix == ".toml":
        return ScenarioError(misplaced("scenario", reference, f"{similar!r} (did you mean it?), or {_FORMS}"))
    names = nearest(reference, factories)
    return ScenarioError(misplaced("scenario", reference, f"{names} (registered), {_FORMS}"))
