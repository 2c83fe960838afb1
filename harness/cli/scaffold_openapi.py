"""`saga-chaos scaffold --openapi`: a scenario whose participants an OpenAPI document describes.

Owns which document describes which participant, and what is said of the guesses. Refuses to guess:
`harness.openapi` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.errors import UsageError, misplaced, nearest
from harness.loader.adapters import ADAPTERS, Scaffold
from harness.openapi import GuessedService, OpenApi, guess_service, read_document
from harness.openapi.guess import DEFAULT_KEY
from harness.openapi.operations import pairs
from harness.openapi.proofs import CHANGE_ME
from harness.openapi.texts import (
    case_text,
    key_header,
    participants_text,
    policy_text,
    python_text,
    redact_text,
    steps_text,
)

_TOML = """format_version = 1
name = "{name}"

[saga]
{saga}
{redact}
{case}
{policy}
{participants}
{steps}
"""
_MOST_LEFT = 8


def guessed(files: Sequence[str], names: Sequence[str], chosen: Sequence[str]) -> tuple[GuessedService, ...]:
    """A participant for each document. Raises UsageError where one cannot be read."""
    if names and len(names) != len(files):
        found = f"{len(names)} times beside {len(files)} of --openapi"
        raise UsageError(misplaced("--service", found, "one for each document, in their order, or none"))
    documents = [read_document(Path(one)) for one in files]
    per_document = _chosen(documents, chosen)
    services = tuple(
        guess_service(document, names[number] if names else None, own)
        for number, (document, own) in enumerate(zip(documents, per_document, strict=True))
    )
    same = [one.name for one in services if [other.name for other in services].count(one.name) > 1]
    if same:
        raise UsageError(
            misplaced("--openapi", f"two documents of {same[0]!r}", "a --service that names each")
        )
    return services


def _chosen(documents: Sequence[OpenApi], chosen: Sequence[str]) -> list[list[str]]:
    """The operations that were asked for, by document."""
    if not chosen:
        return [[] for _ in documents]
    known = [[pair.create.text for pair in pairs(one)] for one in documents]
    every = [text for one in known for text in one]
    for text in chosen:
        if text not in every:
            raise UsageError(misplaced("--step", text, f"an operation that creates, {nearest(text, every)}"))
    return [[text for text in chosen if text in own] for own in known]


def described_files(
    name: str, adapter: str, scaffold: Scaffold, services: Sequence[GuessedService]
) -> Mapping[str, str]:
    """What is written, by the name of the file."""
    if scaffold.described is None:
        usable = [one for one, plugin in ADAPTERS.items() if plugin.scaffold and plugin.scaffold.described]
        raise UsageError(misplaced("--adapter", adapter, f"with --openapi one of {', '.join(usable)}"))
    written = {
        "saga.toml": _TOML.format(
            name=name,
            saga=scaffold.saga,
            redact=redact_text(services),
            case=case_text(services),
            policy=policy_text(services),
            participants=participants_text(services),
            steps=steps_text(services).rstrip(),
        )
    }
    for file, text in scaffold.described().items():
        filled = text.replace("@NAME@", name).replace("@KEY_HEADER@", key_header(services) or DEFAULT_KEY)
        written[file] = filled.replace("@STEPS@", python_text(services))
    return written


def said(services: Sequence[GuessedService]) -> Iterator[str]:
    """What was read and guessed, line by line."""
    for service in services:
        document = service.document
        yield f"Read {document.label}: {document.title}, OpenAPI {document.version}"
        yield from (f"  not as OpenAPI has it: {remark}" for remark in document.remarks)
        yield f"Guessed for the participant {service.name}:"
        for step in service.steps:
            yield f"  {step.resource}"
            yield from (f"    {note}" for note in step.notes)
        yield f"  {_keys(service)}"
        yield f"  {_asks(service)}"
        yield from _left(service)
        yield ""
    yield "Look at the guesses: they stand in saga.toml, with the reasons."


def _keys(service: GuessedService) -> str:
    if service.key_header is not None:
        return f"keys are sent in the header {service.key_header}, which the document names"
    return (
        f"the document names no header for idempotency keys: {DEFAULT_KEY} is taken; where the service heeds "
        "none, say repeats = 'none'"
    )


def _asks(service: GuessedService) -> str:
    if not service.asks:
        return "the document asks for no authentication of what is sent"
    return f"authentication: {', '.join(service.asks)}; the saga sends {CHANGE_ME!r} there"


def _left(service: GuessedService) -> Iterator[str]:
    if service.left:
        shown = ", ".join(service.left[:_MOST_LEFT])
        more = f" and {len(service.left) - _MOST_LEFT} more" if len(service.left) > _MOST_LEFT else ""
        yield f"  not taken (--step 'POST /PATH' takes one): {shown}{more}"
