"""report.html: one file that needs no network and no script.

Owns what the page shows and in which order; the look is in `templates/report.html.j2`. Refuses to
put anything unescaped into the page but the figure that `reports.latency` drew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from harness.packages import our_packages
from harness.report_model import GuaranteeResult, ScenarioReport
from reports import words
from reports.bundle import Bundle, Violation
from reports.lacking import lacking
from reports.latency import figure_svg, measured
from reports.rows import Row, RowKind, rows
from reports.timeline import elided, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind at one operation. `state`: fired, unfired, impossible or blank."""

    state: str
    text: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Coverage: operations down, kinds across."""

    kinds: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]


def report_html(bundle: Bundle) -> str:
    """The whole page."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only the page needs it

    with our_packages():
        folder = files("reports")
    source = folder.joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(_names(bundle))


def _names(bundle: Bundle) -> Mapping[str, object]:
    latencies = measured(bundle.report)
    return {
        "bundle": bundle,
        "report": bundle.report,
        "words": words,
        "lacking": lacking,
        "matrix": matrix,
        "guarantee_cell": guarantee_cell,
        "guarantees": words.guarantee_ids(bundle.report),
        "sentence": sentence,
        "rows_of": lambda violation: rows_of(violation, bundle),
        "replay_of": lambda one: words.replay_command(bundle.folder, one.invariant.failure or ""),
        "latencies": latencies,
        "figure": figure_svg(latencies) if latencies else "",
        "CALL": RowKind.CALL,
    }


def rows_of(violation: Violation, bundle: Bundle) -> list[Row]:
    """The timeline from the history; empty where only the failure file's lines are left."""
    failure = violation.failure
    history = bundle.histories.get((failure and failure.history) or "")
    if failure is None or history is None:
        return []
    return elided(rows(history, failure.evidence))


def matrix(scenario: ScenarioReport) -> Matrix | None:
    """None where the campaign counted nothing by operation."""
    counts = {(one.kind, one.operation): one for one in scenario.faults.by_operation}
    if not counts:
        return None
    reasons = {(one.fault, one.operation): one.reason for one in scenario.impossible}
    known = [*counts, *reasons]
    kinds = tuple(dict.fromkeys(kind for kind, _ in known))
    operations = dict.fromkeys(operation for _, operation in known)

    def cell(kind: str, operation: str) -> Cell:
        counted = counts.get((kind, operation))
        if counted is not None and counted.planned:
            state = "fired" if counted.fired else "unfired"
            title = f"{kind} at {operation}: {counted.fired:,} of {counted.planned:,} fired"
            return Cell(state=state, text=f"{counted.fired:,}", title=title)
        reason = reasons.get((kind, operation))
        return Cell(state="impossible", text="\u00d7", title=reason) if reason else Cell(state="blank")

    lines = ((name, tuple(cell(kind, name) for kind in kinds)) for name in operations)
    return Matrix(kinds=kinds, lines=tuple(lines))


def guarantee_cell(scenario: ScenarioReport, id_: str) -> tuple[str, str]:
    """(tone, words)."""
    text = words.guarantee_words(scenario, id_)
    found = next((one for one in scenario.guarantees if one.id == id_), None)
    shown = found is not None and (found.claimed or found.result is not GuaranteeResult.NOT_EXERCISED)
    return (found.result.value if found is not None and shown else "unclaimed"), text
