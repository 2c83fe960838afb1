"""Row 38: the log is read in pages, and recovery reads only the first.

Seen in oxidecomputer/omicron#5948.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.plan import Fault
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted.durable import Durable, Entry
from tests.planted.kit import TWINS, Plant

PAGE = 4


class ReadsInPages(Durable):
    """Sound: turns page after page."""

    def entries(self) -> list[Entry]:
        return [entry for page in self.pages() for entry in page]

    def pages(self) -> Iterator[list[Entry]]:
        log = super().entries()
        for first in range(0, len(log), PAGE):
            yield log[first : first + PAGE]


class ReadsOnePage(ReadsInPages):
    """No saga was that long when it was written."""

    def entries(self) -> list[Entry]:
        return next(self.pages(), [])


PLANT = Plant(
    broken=ReadsOnePage,
    sound=ReadsInPages,
    caught_by="truthful_outcome",
    smallest=(
        Fault(kind="reject", operation="bank.charge.create"),
        Fault(kind="crash", operation="stock.hold.delete_by_saga", variant="applied"),
    ),
    claims=frozenset({Claim.PROCESS_DEATH}),
)


@TWINS
def test_the_second_page(sim: SimWorld, twin: str) -> None:
    PLANT.check(sim, twin)
