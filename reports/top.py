"""What a reader of report.html sees first: numbers, how far the search went, where the report comes from.

Owns these few lines and the table behind them. Refuses to tell what was found (`reports.page`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import words
from reports.bundle import Bundle
from reports.lacking import lacking
from reports.unexercised import in_short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report_model import ScenarioReport


class Top:
    """Of one bundle, with so many findings."""

    def __init__(self, bundle: Bundle, findings: int) -> None:
        self._bundle = bundle
        self._findings = findings

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """(number, noun), the most relevant first."""
        scenarios = self._bundle.report.scenarios
        runs = sum(one.runs for one in scenarios)
        fired, planned = (
            sum(getattr(one.faults, name) for one in scenarios) for name in ("fired", "planned")
        )
        told = [(self._findings, "finding", "findings")] if self._findings else []
        told += [
            (len(scenarios), "scenario", "scenarios"),
            (runs, "run", "runs"),
            (fired, f"of {planned:,} faults fired", f"of {planned:,} faults fired"),
        ]
        left = sum(one.search.left_out for one in scenarios)
        if left:
            told.append((left, "plan left out", "plans left out"))
        return [(f"{number:,}", one if number == 1 else many) for number, one, many in told]

    @property
    def compares(self) -> bool:
        """Whether there is a report before this one."""
        return self._bundle.previous is not None

    @property
    def in_short(self) -> list[tuple[str, str, str]]:
        """(title, text, anchor of the rest): how far it was searched, what was not, where it comes from."""
        report = self._bundle.report
        idle, lacks = in_short(report.scenarios), sum(len(lacking(one)) for one in report.scenarios)
        needed = f"{words.counted(lacks, 'thing')} that a pass needs" if lacks else ""
        told = [
            ("Searched", _searched(report.scenarios), "searched"),
            ("Not exercised", "; ".join(one for one in (needed, idle) if one), "not-exercised"),
            ("Made", self._made(), "about"),
        ]
        return [one for one in told if one[1]]

    def _made(self) -> str:
        """Date, seed, versions and commit, as far as they are known."""
        told = dict(self.about)
        named = {
            "Began": "",
            "Seed": "seed ",
            "Tool": "",
            "Python": "Python ",
            "Proxy": "",
            "Commit": "commit ",
        }
        return ", ".join(f"{before}{told[name]}" for name, before in named.items() if name in told)

    @property
    def about(self) -> list[tuple[str, str]]:
        """Where the report comes from, as far as it is known."""
        report = self._bundle.report
        given = report.provenance
        commit = given.commit + (" and changes that are not committed" if given.uncommitted else "")
        told = [
            ("Began", given.began),
            ("Took", words.seconds(report.duration_s)),
            ("Command", given.command),
            ("Seed", "" if given.seed is None else str(given.seed)),
            ("Tool", f"{report.tool.name} {report.tool.version}".rstrip()),
            ("Proxy", words.proxy_words(report)),
            *((name, text) for name, text in given.versions.items() if name != report.tool.name),
            ("Commit", commit if given.commit else ""),
            ("Compared with", self._before()),
        ]
        return [(name, value) for name, value in told if value]

    def _before(self) -> str:
        previous = self._bundle.previous
        if previous is None:
            return "no earlier report"
        began = f" of {previous.provenance.began}" if previous.provenance.began else ""
        return f"the report{began} in {self._bundle.report.provenance.previous or 'previous'}"


def _searched(scenarios: Sequence[ScenarioReport]) -> str:
    """How far; of several scenarios how many to the end."""
    if len(scenarios) == 1:
        return words.search_words(scenarios[0])
    whole = sum(one.search.complete for one in scenarios)
    return f"{whole:,} of {len(scenarios):,} searches to the end" if scenarios else ""
