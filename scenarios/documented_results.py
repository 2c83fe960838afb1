"""How far each documented saga was searched: kept beside this file, shown in the docs, told after a search.

Owns the rows and their words. A row is what one report says of one saga in one world, dated by the commit
that was searched; nothing here is written by hand. Refuses to search, and to know what was found
(`scenarios.documented`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import msgspec

from harness.choices import WorldName
from harness.json_files import pretty, write_whole
from harness.report_model import Report, ScenarioReport, ScenarioVerdict, read_report

RESULTS = Path(__file__).with_suffix(".json")
_SHORT = 7
_MINUTE_S, _HOUR_S = 60, 3600
_WORDS = {1: "single faults", 2: "pairs"}
FAIL = str(ScenarioVerdict.FAIL)
DRAWN = "drawn plans"
"""The part of a search that is no guided one."""

_HEAD = ("saga", "world", "runs", "seconds", "verdict", "single faults", "deeper", "drawn")


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """One search of one saga.

    depth: faults a plan, of the guided search. singles, complete: whether all single faults, and all plans
    to that depth, were tried. needs_s, singles_need_s: about how many seconds that takes, where it was not.
    drawn: plans of Hypothesis. began: UTC. commit: what was searched, `+` behind it with changes of its own.
    """

    saga: str
    world: WorldName
    depth: int
    runs: int
    seconds: float
    verdict: str
    singles: bool
    complete: bool
    needs_s: float | None = None
    singles_need_s: float | None = None
    drawn: int = 0
    began: str = ""
    commit: str = ""

    @classmethod
    def of(cls, report: Report, one: ScenarioReport) -> Self:
        """A row of a report."""
        told, search = report.provenance, one.search
        return cls(
            saga=one.name,
            world=one.world,
            depth=search.depth,
            runs=one.runs,
            seconds=round(one.duration_s),
            verdict=str(one.verdict),
            singles=search.singles_complete,
            complete=search.singles_complete and not set(search.left_out_parts) - {DRAWN},
            needs_s=search.needs_s,
            singles_need_s=search.singles_need_s,
            drawn=0 if search.drawn is None else search.drawn.plans,
            began=told.began,
            commit=told.commit[:_SHORT] + "+" * told.uncommitted,
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """Of a row of the table."""
        return (
            self.saga,
            self.world,
            f"{self.runs:,}",
            f"{self.seconds:,.0f}",
            self.verdict,
            "all" if self.singles else f"not all{_needs(self.singles_need_s)}",
            self._deeper,
            f"{self.drawn:,}" if self.drawn else "none",
        )

    @property
    def words(self) -> str:
        """`sim: all pairs of faults, 5,000 drawn`; empty where not even all single faults were tried."""
        if not self.singles:
            return ""
        faults = "all pairs of faults" if self.complete and self.depth > 1 else "all single faults"
        return f"{self.world}: {faults}" + (f", {self.drawn:,} drawn" if self.drawn else "")

    @property
    def _deeper(self) -> str:
        if self.depth < 2:
            return "not asked for"
        what = _WORDS.get(self.depth, f"plans of {self.depth} faults")
        return f"all {what}" if self.complete else f"not all {what}{_needs(self.needs_s)}"


def searched(report: Report) -> tuple[Searched, ...]:
    """Each saga of a report."""
    return tuple(Searched.of(report, one) for one in report.scenarios)


def results() -> tuple[Searched, ...]:
    """What is kept."""
    return msgspec.json.decode(RESULTS.read_bytes(), type=tuple[Searched, ...])


def far(saga: str) -> str:
    """How far a saga was searched, in words; empty where that is not said."""
    return "; ".join(one.words for one in results() if one.saga == saga and one.words)


def keep(folders: Sequence[Path], sagas: Sequence[str]) -> None:
    """Take the reports of these folders for what is kept of their sagas, as far as they are named here.

    Each saga has one row a world; one in which something was violated has none until that is mended, and it
    was searched again. Raises ReportError where a folder holds no report.
    """
    new = [one for folder in folders for one in searched(read_report(folder / "report.json"))]
    last = {(one.saga, one.world): one for one in (*results(), *new) if one.saga in sagas}
    rows = {key: one for key, one in last.items() if one.verdict != FAIL}
    order = sorted(rows, key=lambda key: (sagas.index(key[0]), key[1]))
    write_whole(RESULTS, pretty([rows[key] for key in order]))


def told(rows: Sequence[Searched]) -> Iterator[str]:
    """The rows as text, in columns."""
    cells = [_HEAD, *(one.cells for one in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    for row in cells:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def section(rows: Sequence[Searched]) -> Iterator[str]:
    """The rows for docs/documented-sagas.md."""
    yield from ("", "## How far they were searched", "")
    yield "One line a saga and world, from the report of its last long search, none of it written by hand. A"
    yield "search that found something has none here: that is mended, and then searched again."
    yield from ("", f"| {' | '.join((*_HEAD, 'commit', 'began (UTC)'))} |", "|---" * (len(_HEAD) + 2) + "|")
    for one in rows:
        yield f"| {' | '.join((*one.cells, one.commit, one.began))} |"


def _needs(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for unit_s, word in ((_HOUR_S, "h"), (_MINUTE_S, "min")):
        if seconds >= unit_s:
            return f", about {seconds / unit_s:.0f} {word} in all"
    return f", about {seconds:.0f} s in all"
