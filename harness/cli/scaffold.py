"""`saga-chaos scaffold`: a new scenario to begin with, which runs as it stands.

Owns the few files that it writes and the names that it takes. Refuses to write where something is
already.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from harness.errors import EnvironmentFault, UsageError, misplaced

DEFAULT_SERVICES = ("inventory", "payments")
HTTP_PORT = 8731
MOST_NAME = 60
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_NOUNS: Mapping[str, str] = {"inventory": "reservation", "payments": "charge", "shipping": "shipment"}
_NOUN = "record"

_TOML = """format_version = 1
name = "{name}"

[saga]
{saga}

{participants}
{steps}
"""

_DURABLE = 'claims = ["lost_reply", "process_death"]'

_SAGA: Mapping[str, str] = {
    "callable": 'adapter = "callable"\ntarget = "sagas.py:saga"\nclaims = ["lost_reply"]',
    "subprocess": f'adapter = "subprocess"\ncommand = ["python3", "saga.py"]\n{_DURABLE}',
    "http": (
        f'adapter = "http"\nbase_url = "http://127.0.0.1:{HTTP_PORT}"\n'
        f'start = ["python3", "service.py"]\n{_DURABLE}'
    ),
}

_FILES: Mapping[str, tuple[str, ...]] = {
    "callable": ("sagas.py",),
    "subprocess": ("saga.py",),
    "http": ("saga.py", "service.py"),
}


_WIRE = " (--search guided is enough to begin with)"
_WHERE: Mapping[str, str] = {"callable": "", "subprocess": _WIRE, "http": _WIRE}
_PARTICIPANTS = "and say in {toml} what its participants and steps are"
_THEN: Mapping[str, tuple[str, ...]] = {
    "callable": ("then replace {folder}/sagas.py by your saga, called in this process,", _PARTICIPANTS),
    "subprocess": (
        "then set command in {toml} to what starts your saga, in any language:",
        "it is called with `run ID` or `resume ID` and the input on stdin, finds SAGA_STORE_DIR and a",
        'SAGA_<PARTICIPANT>_URL for each participant, and ends with a line OUTCOME {{"status": …}},',
        _PARTICIPANTS,
    ),
    "http": (
        "then set start and base_url in {toml} to what starts your service, in any language, and where:",
        "it is asked with POST /sagas and GET /sagas/ID, and finds SAGA_STORE_DIR and a",
        "SAGA_<PARTICIPANT>_URL for each participant,",
        _PARTICIPANTS,
    ),
}


def run(arguments: argparse.Namespace) -> int:
    """Write the folder, then say what to do with it."""
    services = tuple(arguments.service or DEFAULT_SERVICES)
    _check_name("NAME", arguments.name)
    for service in services:
        _check_name("--service", service)
    _check_different(services)
    folder = Path(arguments.into) / arguments.name
    written = {"saga.toml": _toml(arguments.name, arguments.adapter, services)}
    for name in _FILES[arguments.adapter]:
        written[name] = _filled(name, arguments.name, services)
    _write(folder, written)
    for line in _next_steps(folder, list(written), arguments.adapter):
        print(line)  # noqa: T201 - this is the command line
    return 0


def _check_name(where: str, name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > MOST_NAME:
        expected = f"letters, digits, - and _, a letter first, at most {MOST_NAME} of them"
        raise UsageError(misplaced(where, name, expected))


def _check_different(services: Sequence[str]) -> None:
    """Their addresses are told by variables, where case and hyphens are lost."""
    seen: dict[str, str] = {}
    for service in services:
        variable = service.upper().replace("-", "_")
        if variable in seen:
            expected = f"a name that differs from {seen[variable]!r} by more than case and hyphens"
            raise UsageError(misplaced("--service", service, expected))
        seen[variable] = service


# What is written ------------------------------------------------------------------------------


def _toml(name: str, adapter: str, services: Sequence[str]) -> str:
    return _TOML.format(
        name=name,
        saga=_SAGA[adapter],
        participants="\n".join(_participant(service) for service in services),
        steps="\n".join(_step(service) for service in services).rstrip(),
    )


def _participant(service: str) -> str:
    noun = _NOUNS.get(service, _NOUN)
    return (
        f"[participants.{service}.resources.{noun}]\n"
        f'create = "POST /{noun}s"\n'
        f'delete_by_saga = "DELETE /{noun}s"\n'
    )


def _step(service: str) -> str:
    operation = f"{service}.{_NOUNS.get(service, _NOUN)}"
    return (
        f'[[steps]]\nname = "{service}"\n'
        f'action = "{operation}.create"\n'
        f'compensation = "{operation}.delete_by_saga"\n'
    )


def _filled(file: str, name: str, services: Sequence[str]) -> str:
    template = files("harness.cli").joinpath("scaffolds", f"{file}.txt").read_text(encoding="utf-8")
    steps = "\n".join(
        f'    ("{service}", "{service}", "/{_NOUNS.get(service, _NOUN)}s"),' for service in services
    )
    return template.replace("@NAME@", name).replace("@STEPS@", steps).replace("@PORT@", str(HTTP_PORT))


def _write(folder: Path, written: Mapping[str, str]) -> None:
    if folder.exists() or folder.is_symlink():
        raise UsageError(misplaced(str(folder), "something that is there already", "a name that is free"))
    try:
        folder.mkdir(parents=True)
        for name, text in written.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentFault(
            f"{folder}: cannot write ({error.strerror or error}), expected a folder that can be written to; "
            "choose one with --into"
        ) from error


def _next_steps(folder: Path, names: Sequence[str], adapter: str) -> list[str]:
    shown = os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)
    toml = f"{shown}/saga.toml"
    return [
        f"Wrote {', '.join(f'{shown}/{name}' for name in names)}",
        "",
        "Next:",
        f"  saga-chaos doctor {toml}   tries it, and says what it keeps of the contract",
        f"  saga-chaos run {toml}      searches it for plans that break it{_WHERE[adapter]}",
        *(f"  {line.format(folder=shown, toml=toml)}" for line in _THEN[adapter]),
    ]
