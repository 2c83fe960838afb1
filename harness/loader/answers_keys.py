"""The keys of a resource that say what it answers: answer, created, undone, id, items, error.

Owns their types and the places of what is wrong in them. Refuses to fill in a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.errors import nearest
from harness.loader.table import Table
from harness.participant.answers import (
    BARE,
    CREATED,
    OF_A_RESOURCE,
    OF_AN_ERROR,
    UNDONE,
    Answers,
    unknown_placeholders,
)
from harness.saga import Json

ANSWER_KEYS = ("answer", "created", "undone", "id", "items", "error")
_ID = "the field of the answer that is the id, like 'pnr' or 'data.id'"
_ITEMS = f"the field that is the list, like 'data', or {BARE!r} for a list with nothing around it"
_FIELD = re.compile(r"[^.\s{}\[\]]+(\.[^.\s{}\[\]]+)*")


def read_answers(table: Table) -> Answers:
    """What the resource of a table answers."""
    return Answers(
        fields=_template(table, "answer", OF_A_RESOURCE, "a table, like { total = '{body.amount}' }") or {},
        created=_status(table, "created", CREATED) or 201,
        undone=_status(table, "undone", UNDONE),
        id=_path(table, "id", _ID, "id"),
        items=_path(table, "items", _ITEMS, "items", BARE),
        error=_template(table, "error", OF_AN_ERROR, "a table, like { message = '{error}' }"),
    )


def _template(table: Table, key: str, known: tuple[str, ...], expected: str) -> Mapping[str, Json] | None:
    if not table.has(key):
        return None
    found = table.json_object(key, expected)
    for path, placeholder in unknown_placeholders(found, known):
        shown = nearest(placeholder, known)
        raise table.wrong(key, f"placeholders of its own: {{{placeholder}}} is none, {shown}", *path)
    return found


def _status(table: Table, key: str, among: tuple[int, ...]) -> int | None:
    if not table.has(key):
        return None
    expected = f"a status, one of {', '.join(map(str, among))}"
    status = table.whole(key, expected, among[0])
    if status not in among:
        raise table.wrong(key, expected)
    return status


def _path(table: Table, key: str, expected: str, default: str, *others: str) -> str:
    path = table.text(key, expected, default)
    if path not in others and _FIELD.fullmatch(path) is None:
        raise table.wrong(key, expected)
    return path
