"""Where a counterexample finds its scenario again, and whose word is taken for it.

A failure file travels: from CI to a laptop, or from a stranger. It names its scenario as the command line was
given it, and by a path from the file itself. Loading a scenario runs code. So what only the file names is not
loaded: it has to be registered, lie below the folder of the command, or have been written on this machine by
this user, which a signature with a key in the user's cache folder shows. Everything else the user names with
`--scenario`. Refuses to load anything.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from harness.cache import cache_folder
from harness.errors import UsageError, misplaced
from harness.report_model import ScenarioRef

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Place:
    """A reference in its parts: `path` or `module` before the colon, `name` behind it."""

    source: str
    name: str = ""

    @property
    def is_file(self) -> bool:
        return self.source.endswith((".toml", ".py")) or "/" in self.source

    def at(self, path: Path) -> str:
        return f"{path}:{self.name}" if self.name else str(path)


def named_for(folder: Path, name: str, reference: str, digest: str) -> ScenarioRef:
    """What a failure file in `folder` says of its scenario."""
    place = _parts(reference)
    if not place.is_file or not Path(place.source).is_file():
        return ScenarioRef(name=name, reference=reference, digest=digest)
    source = Path(place.source).resolve()
    try:
        path = place.at(Path(os.path.relpath(source, folder.resolve())))
    except ValueError:  # on another drive
        path = ""
    return ScenarioRef(name=name, reference=reference, path=path, digest=digest, signature=_signature(source))


def found_again(file: Path, scenario: ScenarioRef, registered: Collection[str]) -> str:
    """The reference that loads the scenario of a failure file.

    Raises UsageError where only the file vouches for the code that would be loaded.
    """
    place = _parts(scenario.reference)
    if scenario.reference in registered or not (place.is_file or place.name):
        return scenario.reference
    if not place.is_file:
        return _module(file, place, scenario.reference)
    for path, place in _candidates(file, scenario):
        if path.is_file():
            if _is_ours(path) or _is_signed(path.resolve(), scenario.signature):
                return place.at(path)
            raise _unknown(file, place.at(path))
    return scenario.reference


def _candidates(file: Path, scenario: ScenarioRef) -> Iterator[tuple[Path, _Place]]:
    if scenario.path:
        beside = _parts(scenario.path)
        yield Path(os.path.normpath(file.parent / beside.source)), beside
    place = _parts(scenario.reference)
    given = Path(place.source)
    yield given, place
    if given.is_absolute():  # a path of CI's: the longest end of it that is below this folder
        for start in range(1, len(given.parts)):
            yield Path(*given.parts[start:]), place


def _module(file: Path, place: _Place, reference: str) -> str:
    """Its package has to lie below this folder. A spec of the outermost name runs no code of it."""
    outermost = place.source.partition(".")[0]
    spec = PathFinder.find_spec(outermost, [str(Path.cwd())])
    if spec is None:
        raise _unknown(file, reference)
    return reference


def _unknown(file: Path, reference: str) -> UsageError:
    expected = (
        "a scenario below this folder, or one of this machine's own: to load code that only this file names, "
        f"say so with --scenario {reference}"
    )
    return UsageError(misplaced(f"{file}, scenario.reference", reference, expected))


def _parts(reference: str) -> _Place:
    if reference.endswith(".toml"):
        return _Place(reference)
    source, _, name = reference.rpartition(":")
    return _Place(source, name) if source else _Place(reference)


def _is_ours(path: Path) -> bool:
    return path.resolve().is_relative_to(Path.cwd().resolve())


# Signatures -------------------------------------------------------------------------------------


def _signature(source: Path) -> str:
    """Of a path on this machine; empty where no key can be kept."""
    key = _key()
    return _signed_with(key, source) if key is not None else ""


def _is_signed(source: Path, signature: str) -> bool:
    key = _key()
    return key is not None and hmac.compare_digest(_signed_with(key, source), signature)


def _signed_with(key: bytes, source: Path) -> str:
    return hmac.new(key, os.fsencode(source), hashlib.sha256).hexdigest()[:32]


def _key() -> bytes | None:
    """This user's on this machine; made when it is first needed. None where the folder does not take it."""
    path = cache_folder() / "key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"key.{os.getpid()}")
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
            with suppress(FileExistsError):  # of processes that start together, one is first
                os.link(beside, path)
            beside.unlink()
        key = path.read_bytes()
    except OSError:
        return None
    return key if len(key) == _KEY_BYTES else None
