"""A guessed participant as text: the lines of a saga.toml, and the steps of a saga in Python.

Refuses to say where the files go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pprint import pformat

from harness.openapi.guess import GuessedService, GuessedStep
from harness.openapi.requests import GuessedRequest
from harness.saga import Json

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 100


def participants_text(services: Sequence[GuessedService]) -> str:
    """[participants.…], each resource with what was guessed for it."""
    return "\n".join(
        line
        for service in services
        for number, step in enumerate(service.steps)
        for line in (*_document(service, number), *_resource(service, step), "")
    )


def steps_text(services: Sequence[GuessedService]) -> str:
    """[[steps]], those that can be undone first, then the point of no return, then what has to follow it."""
    return "\n".join(
        "\n".join((*_step(_step_name(services, service, step), service, step, kind), ""))
        for service, step, kind in _ordered(services)
    )


def case_text(services: Sequence[GuessedService]) -> str:
    """[[saga.cases]]: one input, with the body of each step."""
    lines = ["[[saga.cases]]", "[saga.cases.input]"]
    for service, step, _ in _ordered(services):
        if isinstance(step.create.body, dict):
            lines += ["", f"[saga.cases.input.{_key(_step_name(services, service, step))}]"]
            lines += [
                f"{_key(name)} = {_value(one)}" for name, one in step.create.body.items() if one is not None
            ]
        elif step.create.body is not None:
            lines.insert(2, f"{_key(_step_name(services, service, step))} = {_value(step.create.body)}")
    return "\n".join((*lines, ""))


def policy_text(services: Sequence[GuessedService]) -> str:
    """[saga.policy], where the documents name another header for keys; else nothing."""
    header = key_header(services)
    return "" if header is None else f"[saga.policy]\nkey_header = {_value(header)}\n"


def redact_text(services: Sequence[GuessedService]) -> str:
    """Redact = […], of headers and parameters that prove who calls; else nothing."""
    names = dict.fromkeys(name for one in services for name in one.secret_headers)
    return f"redact = {_value(list(names))}\n" if names else ""


def key_header(services: Sequence[GuessedService]) -> str | None:
    """The first that a document names."""
    return next((one.key_header for one in services if one.key_header is not None), None)


def python_text(services: Sequence[GuessedService]) -> str:
    """The list STEPS of a saga."""
    steps: list[dict[str, Json]] = [
        {
            "name": _step_name(services, service, step),
            "service": service.name,
            "id": step.id,
            "chosen": step.chosen,
            "parents": _by_step(services, service, step.parents),
            "fields": _by_step(services, service, step.fields),
            "items": step.items,
            "create": _request(step.create, body=False),
            "undo": None if step.undo is None else _request(step.undo, body=True),
            "find": None if step.find is None else _request(step.find, body=False),
        }
        for service, step, _ in _ordered(services)
    ]
    lines = pformat(steps, width=_WIDTH, sort_dicts=False).splitlines()
    return "\n".join(lines)


def _ordered(services: Sequence[GuessedService]) -> Iterator[tuple[GuessedService, GuessedStep, str]]:
    both = [(service, step) for service in services for step in service.steps]
    yield from ((service, step, "") for service, step in both if step.undo is not None)
    last = [(service, step) for service, step in both if step.undo is None]
    for number, (service, step) in enumerate(last):
        yield service, step, "pivot" if number == 0 else "retriable"


def _step_name(services: Sequence[GuessedService], service: GuessedService, step: GuessedStep) -> str:
    alike = [one for other in services for one in other.steps if one.resource == step.resource]
    return step.resource if len(alike) == 1 else f"{service.name}-{step.resource}"


def _by_step(
    services: Sequence[GuessedService], service: GuessedService, resources: Mapping[str, str]
) -> dict[str, Json]:
    """The same, by the name of the step that makes it."""
    steps = {one.resource: one for one in service.steps}
    return {place: _step_name(services, service, steps[one]) for place, one in resources.items()}


def _document(service: GuessedService, number: int) -> Iterator[str]:
    if number == 0:
        yield f"# Guessed from {service.document.label}, OpenAPI {service.document.version}:"
        yield "# look at each line, and say what is not so."


def _resource(service: GuessedService, step: GuessedStep) -> Iterator[str]:
    yield f"[participants.{service.name}.resources.{step.resource}]"
    yield from (f"# {_comment(note)}" for note in step.notes)
    yield from (f"{name} = {_value(one)}" for name, one in step.keys.items())


def _step(name: str, service: GuessedService, step: GuessedStep, kind: str) -> Iterator[str]:
    operation = f"{service.name}.{step.resource}"
    yield "[[steps]]"
    yield f"name = {_value(name)}"
    yield f'action = "{operation}.create"'
    if step.undo is not None:
        yield f'compensation = "{operation}.delete"'
    if kind:
        yield f'kind = "{kind}"'


def _request(request: GuessedRequest, *, body: bool) -> dict[str, Json]:
    made: dict[str, Json] = {"method": request.method, "path": request.path}
    if body and request.body is not None:
        made["body"] = request.body
    if request.form:
        made["form"] = True
    if request.headers:
        made["headers"] = request.headers
    return made


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Json) -> str:
    """As TOML has it. It has no null: such a field is left out."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items() if one is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value if one is not None)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
