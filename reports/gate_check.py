"""One line of the gate's table, and what all its checks are given.

Owns these two types. Refuses to check anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from harness.report_model import Report, ScenarioVerdict
from reports.policy import Policy


class Word(StrEnum):
    """What became of a check, in the order of the table."""

    FAILS = "fails"
    INCONCLUSIVE = "inconclusive"
    KNOWN = "known"  # it failed before, and only what is new fails
    EXCUSED = "excused"  # by a waiver, or because the policy allows it
    UNUSED = "unused"  # a waiver that nothing needs
    PASSES = "passes"


_VERDICTS = {Word.FAILS: ScenarioVerdict.FAIL, Word.INCONCLUSIVE: ScenarioVerdict.INCONCLUSIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked, and the sentence that says why it came out so.

    where: a scenario and its world, or a file. what: the check. told: the run that wrote the report said
    so by itself.
    """

    word: Word
    where: str
    what: str
    why: str
    told: bool = False

    @property
    def verdict(self) -> ScenarioVerdict:
        """What it makes of the gate."""
        return _VERDICTS.get(self.word, ScenarioVerdict.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the gate judges by. folder: of the report. earlier: the report of before, where there is one."""

    report: Report
    folder: Path
    policy: Policy
    today: date
    earlier: Report | None = None
