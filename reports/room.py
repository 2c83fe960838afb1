"""How much a page tells of each thing, so that a page of very much stays small enough to be opened and sent.

Owns the steps from a whole page to a short one. Refuses to measure a page (`reports.html` does) and to choose
what comes first (`reports.page`).
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.exchange import MOST_CALLS
from reports.timeline import MOST_ROWS

MOST_BYTES = 3_000_000
"""Of report.html."""

MOST_ROWS_AT_LENGTH = 48
FEW_CALLS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Numbers of things, at most.

    whole: findings that are told in full; of others the page has all but what happened, which their files
    hold. drawn: those with a diagram. at_length: those with longer diagrams and more requests. examples: runs
    shown for a cell of a coverage matrix; cells: whether each cell has a row of its own, or only those in
    which something was violated, or that never fired.
    """

    whole: int = 60
    drawn: int = 40
    at_length: int = 10
    examples: int = 3
    cells: bool = True

    @property
    def short(self) -> str:
        """What the page does not tell of cells, for it would be too long."""
        if self.examples >= ROOMS[0].examples:
            return ""
        runs = "no run" if not self.examples else f"at most {self.examples} run"
        return f"So that this page stays small, {runs} of a cell is shown; runs.ndjson holds all."

    def calls(self, *, at_length: bool) -> int:
        """Requests with their answers."""
        return MOST_CALLS if at_length else FEW_CALLS

    def rows(self, *, at_length: bool) -> int:
        """Lines of a diagram, and of its text; the others have as many as a terminal shows."""
        return MOST_ROWS_AT_LENGTH if at_length else MOST_ROWS


ROOMS = (
    Room(),
    Room(whole=60, drawn=40, at_length=5, examples=1),
    Room(whole=30, drawn=30, at_length=3, examples=0),
    Room(whole=12, drawn=12, at_length=0, examples=0, cells=False),
)
"""The first one that keeps the page small is taken, else the last."""
