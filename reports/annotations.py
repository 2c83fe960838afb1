"""GitHub annotations: workflow commands that put a finding on the file of the scenario it is about.

Owns where an annotation points to and what it says; the job's page shows the first ten of each kind.
Refuses to decide whether this runs there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.report_model import ScenarioVerdict
from reports.bundle import Bundle, Violation
from reports.escape import annotation_message, annotation_value
from reports.gate import Gate
from reports.gate_check import Word
from reports.lacking import lacking
from reports.words import plan_lines, replay_command

VARIABLE = "GITHUB_ACTIONS"
"""Is `true` in a job of GitHub Actions."""


def campaign_annotations(bundle: Bundle) -> Iterator[str]:
    """An error for each violation, and a warning for each scenario that lacks something."""
    for violation in bundle.violations:
        yield _error(violation, bundle)
    for scenario in bundle.report.scenarios:
        missing = lacking(scenario)
        if missing and scenario.verdict is ScenarioVerdict.INCONCLUSIVE:
            title = f"{scenario.title} is inconclusive"
            yield _command("warning", _place(scenario.saga), title, "\n".join(missing))
    if bundle.report.environment:
        yield _command("error", {}, "The machine cut it short", bundle.report.environment)


def gate_annotations(gate: Gate) -> Iterator[str]:
    """An error for each check that failed, but for those that the run itself has told; else a warning."""
    for one in gate.table:
        title = f"{one.where}: {one.what}"
        if one.word is Word.FAILS and not one.told:
            yield _command("error", {}, title, one.why)
        elif one.word is Word.INCONCLUSIVE:
            yield _command("warning", {}, title, one.why)


def _error(violation: Violation, bundle: Bundle) -> str:
    title = f"{violation.invariant.id} is violated in {violation.scenario.title}"
    failure = violation.failure
    if failure is None:
        return _command("error", {}, title, violation.problem)
    replay = replay_command(bundle.folder, violation.invariant.failure or "")
    said = [
        failure.message or failure.claim,
        *plan_lines(failure.plan_to_show, failure.saga_id),
        f"Replay: {replay}",
    ]
    place = _place_of_saga(failure.scenario.reference, violation.scenario.saga)
    return _command("error", place, title, "\n".join(one for one in said if one))


def _place_of_saga(reference: str, saga: str) -> Mapping[str, str]:
    """Its function, which a saga.toml names relative to itself; else what the scenario is loaded from."""
    if not reference.endswith(".toml"):
        return _place(reference)
    return _place((Path(reference).parent / saga).as_posix()) or _place(reference)


def _place(reference: str) -> Mapping[str, str]:
    """The file that a reference names, where it is one below this folder, and the line of its object."""
    path, _, name = (reference, "", "") if reference.endswith(".toml") else reference.rpartition(":")
    try:
        file = Path(path).resolve()
        if not path or not file.is_file() or not file.is_relative_to(Path.cwd()):
            return {}
        shown = file.relative_to(Path.cwd()).as_posix()
        return {"file": shown, "line": str(_line_of(name, file) if name else 1)}
    except (OSError, ValueError):  # a name that no file can have
        return {}


def _line_of(name: str, file: Path) -> int:
    """Where a module defines a name; 1 where that cannot be told."""
    try:
        body = ast.parse(file.read_text(encoding="utf-8")).body
    except (OSError, ValueError, SyntaxError):
        return 1
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return next((one.lineno for one in body if isinstance(one, kinds) and one.name == name), 1)


def _command(kind: str, place: Mapping[str, str], title: str, message: str) -> str:
    values = {**place, "title": title}
    properties = ",".join(f"{key}={annotation_value(value)}" for key, value in values.items())
    return f"::{kind} {properties}::{annotation_message(message)}"
