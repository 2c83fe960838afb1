"""`saga-chaos scaffold`: a new scenario to begin with, which runs as it stands.

Owns what a scenario of any adapter has, and the names that it takes; the adapter brings the rest.
Refuses to write where something is already.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import EnvironmentFault, UsageError, misplaced, nearest
from harness.loader.adapters import ADAPTERS, Scaffold

DEFAULT_SERVICES = ("inventory", "payments")
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


def run(arguments: argparse.Namespace) -> int:
    """Write the folder, then say what to do with it."""
    scaffold = _scaffold(arguments.adapter)
    _check_name("NAME", arguments.name)
    for service in arguments.service or ():
        _check_name("--service", service)
    _check_different(arguments.service or ())
    written, lines = _described(arguments, scaffold) if arguments.openapi else _plain(arguments, scaffold)
    folder = Path(arguments.into) / arguments.name
    _write(folder, written)
    for line in (*lines, *_next_steps(folder, list(written), scaffold)):
        print(line)  # noqa: T201 - this is the command line
    return 0


def _plain(arguments: argparse.Namespace, scaffold: Scaffold) -> tuple[Mapping[str, str], Sequence[str]]:
    """Participants of whom no more than the names are known."""
    if arguments.step:
        raise UsageError(misplaced("--step", arguments.step[0], "--openapi FILE beside it, which has it"))
    services = tuple(arguments.service or DEFAULT_SERVICES)
    written = {"saga.toml": _toml(arguments.name, scaffold, services)}
    for name, text in scaffold.files().items():
        written[name] = _filled(text, arguments.name, services)
    return written, ()


def _described(arguments: argparse.Namespace, scaffold: Scaffold) -> tuple[Mapping[str, str], Sequence[str]]:
    """Participants that OpenAPI documents describe."""
    from harness.cli import scaffold_openapi  # noqa: PLC0415 - no other scaffold needs it

    services = scaffold_openapi.guessed(arguments.openapi, arguments.service or (), arguments.step or ())
    written = scaffold_openapi.described_files(arguments.name, arguments.adapter, scaffold, services)
    return written, (*scaffold_openapi.said(services), "")


def _scaffold(adapter: str) -> Scaffold:
    plugin = ADAPTERS.get(adapter)
    if plugin is None or plugin.scaffold is None:
        usable = [name for name, one in ADAPTERS.items() if one.scaffold is not None]
        raise UsageError(misplaced("--adapter", adapter, nearest(adapter, usable)))
    return plugin.scaffold


def _check_name(where: str, name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > MOST_NAME:
        expected = f"letters, digits, - and _, a letter first, at most {MOST_NAME} of them"
        raise UsageError(misplaced(where, name, expected))


def _check_different(services: Sequence[str]) -> None:
    """Their addresses are in environment variables, whose names keep neither case nor hyphens."""
    seen: dict[str, str] = {}
    for service in services:
        variable = service.upper().replace("-", "_")
        if variable in seen:
            expected = f"a name that differs from {seen[variable]!r} by more than case and hyphens"
            raise UsageError(misplaced("--service", service, expected))
        seen[variable] = service


# What is written ------------------------------------------------------------------------------


def _toml(name: str, scaffold: Scaffold, services: Sequence[str]) -> str:
    return _TOML.format(
        name=name,
        saga=scaffold.saga,
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


def _filled(text: str, name: str, services: Sequence[str]) -> str:
    steps = "\n".join(
        f'    ("{service}", "{service}", "/{_NOUNS.get(service, _NOUN)}s"),' for service in services
    )
    return text.replace("@NAME@", name).replace("@STEPS@", steps)


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


def _next_steps(folder: Path, names: Sequence[str], scaffold: Scaffold) -> list[str]:
    shown = os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)
    toml = f"{shown}/saga.toml"
    return [
        f"Wrote {', '.join(f'{shown}/{name}' for name in names)}",
        "",
        "Next:",
        f"  saga-chaos doctor {toml}   tries it, and says what it keeps of the contract",
        f"  saga-chaos run {toml}      searches it for plans that break it{scaffold.run}",
        *(f"  {line.format(folder=shown, toml=toml)}" for line in scaffold.then),
    ]
