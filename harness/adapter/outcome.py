"""Reads what a saga returned, and says what is wrong with it where it is no outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from harness.adapter.whereabouts import raised_at
from harness.errors import misplaced, nearest
from harness.saga import Json, Outcome, Status

_TEXT = "what JSON in UTF-8 can carry, without half a surrogate pair"


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome, or a `problem` in its place."""

    status: Status | None = None
    detail: Json = None
    problem: str | None = None


def read_outcome(value: object) -> Returned:
    """From an `Outcome`, or `{"status": …, "detail": …}`; anything else is a problem (RULES §4).

    A `Returned` is what an adapter of ours made of it already.
    """
    if isinstance(value, Returned):
        return value
    if isinstance(value, Outcome):
        value = {"status": value.status, "detail": value.detail}
    if not isinstance(value, Mapping):
        problem = misplaced("the saga returned", value, "an Outcome or {'status': …}")
        return Returned(problem=_recordable(problem))
    status = value.get("status")
    if not isinstance(status, str) or status not in list(Status):
        problem = misplaced("the saga returned, status", status, nearest(str(status), Status))
        return Returned(problem=_recordable(problem))
    detail = _plain(value.get("detail"))
    if not _is_text(detail):
        problem = misplaced("the saga returned, detail", value.get("detail"), _TEXT)
        return Returned(problem=_recordable(problem))
    return Returned(status=Status(status), detail=detail)


def read_failure(error: BaseException) -> Returned:
    """For a saga that raised; told with the line of its own code, where there is one."""
    place = raised_at(error)
    problem = f"the saga raised {type(error).__name__}: {error}" + (f" ({place})" if place else "")
    return Returned(problem=_recordable(problem))


def _recordable(text: str) -> str:
    """Where an object lies in memory differs from run to run, and a history must not.

    Half a surrogate pair cannot be written to a file; its escape can.
    """
    return _without_addresses(text).encode("utf-8", "backslashreplace").decode("utf-8")


def _without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-fA-F]+", "0x…", text)


def _is_text(detail: Json) -> bool:
    """Whether it can be written as JSON in UTF-8, as a saga in another process would have to send it."""
    try:
        msgspec.json.encode(detail)
    except UnicodeEncodeError:
        return False
    return True


def _told(value: object) -> str:
    return _without_addresses(repr(value))


def _plain(detail: object) -> Json:
    """Detail as JSON; what is not JSON is written as its repr, so that the history can be kept."""
    try:
        plain: Json = msgspec.to_builtins(detail, enc_hook=_told, str_keys=True)
    except (TypeError, ValueError, RecursionError):
        return _recordable(repr(detail))
    return plain
