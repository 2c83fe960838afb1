"""Why mutants that survive may: a table by id, kept by whoever looked into them.

Owns reading it, and the check that each reason is still needed. Refuses to find reasons.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.errors import ReportError, misplaced
from harness.mutation.model import Mutant, Status


def read_reasons(path: Path) -> dict[str, str]:
    """`[reasons]` of a TOML file, id to one line. Raises ReportError with the place of what is wrong."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(misplaced(str(path), error.strerror or str(error), "a file to read")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReportError(misplaced(str(path), str(error), "valid TOML")) from None
    for key in content:
        if key != "reasons":
            raise ReportError(misplaced(f"{path}, key", key, "the table [reasons], and nothing else"))
    table = content.get("reasons", {})
    if not isinstance(table, dict):
        raise ReportError(misplaced(f"{path}, reasons", table, "a table, [reasons]"))
    return {id_: _reason(path, id_, reason) for id_, reason in table.items()}


def _reason(path: Path, id_: str, reason: object) -> str:
    if not isinstance(reason, str) or not reason.strip() or "\n" in reason.strip():
        raise ReportError(misplaced(f"{path}, reasons.{id_}", reason, "a reason in one line"))
    return reason.strip()


def unneeded(reasons: Mapping[str, str], mutants: Iterable[Mutant]) -> tuple[str, ...]:
    """Ids of those reasons for which no mutant survives."""
    survived = {one.id for one in mutants if one.status is Status.SURVIVED}
    return tuple(id_ for id_ in reasons if id_ not in survived)
