"""One OpenAPI document: read, checked, and its references followed.

Refuses what is no OpenAPI 3.0 or 3.1, with the file, the place, what was found and what was expected.
The libraries (YAML, the validator) are imported late: nobody else needs them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import UsageError, meant_path, misplaced

VERSIONS = ("3.0", "3.1")
EXTRA = "pip install 'saga-chaos[openapi]'"
_Key = str | int


class Node:
    """A place in a document, behind its reference if it is one."""

    __slots__ = ("_label", "_path", "value")

    def __init__(self, path: Any, value: object, label: str) -> None:
        self._path = path
        self._label = label
        self.value = value

    def at(self, *keys: _Key) -> Node | None:
        """What stands below; None where nothing does. Raises UsageError where a reference leads nowhere."""
        from referencing.exceptions import Unresolvable  # noqa: PLC0415 - of the same extra

        path = self._path
        for key in keys:
            path = path / key
        try:
            return Node(path, path.read_value(), self._label)
        except KeyError:
            return None
        except Unresolvable as gone:
            place = " / ".join(map(str, path.parts))
            expected = "a reference to something that is there"
            raise UsageError(misplaced(f"{self._label}, {place}, $ref", gone.ref, expected)) from None

    def named(self) -> Iterator[tuple[str, Node]]:
        """Every key of a mapping with what stands there; nothing where it is none."""
        if isinstance(self.value, dict):
            for key in self.value:
                found = self.at(key)
                if found is not None:
                    yield str(key), found

    def items(self) -> Iterator[Node]:
        """Every element of a list; nothing where it is none."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                found = self.at(index)
                if found is not None:
                    yield found

    def get(self, key: str, default: object = None) -> Any:
        """A plain value below, as it stands there."""
        return self.value.get(key, default) if isinstance(self.value, dict) else default

    def text(self, key: str) -> str:
        """A text below; empty where there is none."""
        found = self.get(key)
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApi:
    """A document that was read and checked.

    label: what messages call its file. remarks: what is wrong in it, or unchecked, and keeps nobody from
    reading it.
    """

    label: str
    version: str
    title: str
    root: Node
    remarks: tuple[str, ...] = ()


def read_document(path: Path) -> OpenApi:
    """The document in a file. Raises UsageError with the file and the place of what is wrong in it."""
    label = str(path)
    try:
        from jsonschema_path import SchemaPath  # noqa: PLC0415 - 0.7 s, and an extra

        from harness.openapi.checks import checked  # noqa: PLC0415 - it imports the validator
    except ImportError as error:
        raise UsageError(f"--openapi needs a library that is not installed ({error.name}): {EXTRA}") from None
    text, content = _content(path, label)
    version = _version(content, text, label)
    root = SchemaPath.from_dict(content, base_uri=path.resolve().as_uri())
    remarks = tuple(checked(root, version, lambda keys: _place(label, text, keys)))
    title = str(content["info"]["title"])
    return OpenApi(
        label=label, version=version, title=title, root=Node(root, content, label), remarks=remarks
    )


def _content(path: Path, label: str) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or str(error)
        expected = f"an OpenAPI document, as JSON or YAML{meant_path(label)}"
        raise UsageError(misplaced(label, found, expected)) from None
    content = _json(text, label) if path.suffix.lower() == ".json" else _yaml(text, label)
    if not isinstance(content, dict):
        found = type(content).__name__
        raise UsageError(
            misplaced(label, found, "an OpenAPI document, a mapping with openapi, info and paths")
        )
    return text, content


def _json(text: str, label: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        where = f"{label}, line {getattr(error, 'lineno', 1)}, column {getattr(error, 'colno', 1)}"
        raise UsageError(misplaced(where, getattr(error, "msg", str(error)), "JSON")) from None


def _yaml(text: str, label: str) -> object:
    import yaml  # noqa: PLC0415 - of the same extra

    try:
        return json.loads(json.dumps(yaml.load(text, _loader()), default=str))  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = label if mark is None else f"{label}, line {mark.line + 1}, column {mark.column + 1}"
        raise UsageError(misplaced(where, getattr(error, "problem", None) or str(error), "YAML")) from None


def _loader() -> Any:
    import yaml  # noqa: PLC0415 - see above

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _version(content: dict[str, Any], text: str, label: str) -> str:
    expected = f"openapi: {' or '.join(f'{one}.x' for one in VERSIONS)}"
    if "swagger" in content and "openapi" not in content:
        found = f"swagger: {content['swagger']}"
        raise UsageError(misplaced(_place(label, text, ("swagger",)), found, f"{expected}; convert it first"))
    version = content.get("openapi")
    if not isinstance(version, str) or not version.startswith(VERSIONS):
        place = _place(label, text, ("openapi",) if "openapi" in content else ())
        raise UsageError(misplaced(place, version, expected))
    return version


def _place(label: str, text: str, keys: Sequence[_Key]) -> str:
    """File, line and path of a key."""
    line = _line(text, keys)
    shown = " / ".join(str(one) for one in keys)
    return ", ".join(part for part in (label, f"line {line}" if line else "", shown) if part)


def _line(text: str, keys: Sequence[_Key]) -> int:
    """The line of a key, from 1; 0 where it is not known. JSON is read as the YAML that it is."""
    import yaml  # noqa: PLC0415 - see above

    try:
        node = yaml.compose(text, _loader())
    except yaml.YAMLError:
        return 0
    line = 0
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pair = next((one for one in node.value if one[0].value == str(key)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line
