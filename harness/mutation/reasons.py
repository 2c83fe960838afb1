"""Why mutants that survive may: a table by id, kept by whoever looked into them.

Owns reading it, and the check that each reason is still needed. Refuses to find reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.errors import ReportError, meant_path, misplaced
from harness.mutation.model import Mutant, Status
from harness.toml_lines import NotToml, line_of, read_document


def read_reasons(path: Path) -> dict[str, str]:
    """`[reasons]` of a TOML file, id to one line. Raises ReportError with the place of what is wrong."""
    try:
        document = read_document(path.read_bytes())
    except OSError as error:
        raise ReportError(
            misplaced(str(path), error.strerror or str(error), f"a file to read{meant_path(path)}")
        ) from None
    except NotToml as error:
        where = str(path) if error.line is None else f"{path}, line {error.line}"
        expected = error.expected or f"valid TOML ({error.problem})"
        raise ReportError(misplaced(where, error.found, expected)) from None
    for key in document.values:
        if key != "reasons":
            where = f"{path}, line {line_of(document.lines, (key,))}, key"
            raise ReportError(misplaced(where, key, "the table [reasons], and nothing else"))
    table = document.values.get("reasons", {})
    if not isinstance(table, dict):
        where = f"{path}, line {line_of(document.lines, ('reasons',))}, reasons"
        raise ReportError(misplaced(where, table, "a table, [reasons]"))
    return {
        id_: _reason(f"{path}, line {line_of(document.lines, ('reasons', id_))}, reasons.{id_}", reason)
        for id_, reason in table.items()
    }


def _reason(where: str, reason: object) -> str:
    if not isinstance(reason, str) or not reason.strip() or "\n" in reason.strip():
        raise ReportError(misplaced(where, reason, "a reason in one line"))
    return reason.strip()


def unneeded(reasons: Mapping[str, str], mutants: Iterable[Mutant]) -> tuple[str, ...]:
    """Ids of those reasons for which no mutant survives."""
    survived = {one.id for one in mutants if one.status is Status.SURVIVED}
    return tuple(id_ for id_ in reasons if id_ not in survived)
