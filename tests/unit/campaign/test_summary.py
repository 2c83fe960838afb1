"""What the report says beside the verdict."""

from __future__ import annotations

from harness.campaign.summary import summarise
from harness.faults.enabled import enabled_faults
from harness.report_model import Search
from harness.saga import Claim
from harness.search import GuidedSearch
from harness.search.guided import StopAsked
from tests.unit.campaign.pretend import Pretender, scenario, tallied


class StopsAfter(StopAsked):
    """Time is up after so many runs with faults."""

    def __init__(self, runs: int) -> None:
        super().__init__()
        self._left = runs

    def asked(self) -> bool:
        self._left -= 1
        return self._left < 0


def left_out_after(runs: int, depth: int = 2) -> dict[str, int]:
    one = scenario(Claim.PROCESS_DEATH)
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), depth)
    list(search.run(Pretender(lambda plan: ()), StopsAfter(runs)))
    assert search.left_out == search.left_out_parts.total()
    return dict(search.left_out_parts)


def notes(search: Search) -> tuple[str, ...]:
    one = scenario(Claim.PROCESS_DEATH)
    return summarise(one, one, "sim", tallied(one, []), files={}, refuting={}, search=search).notes


def test_what_time_did_not_allow_is_told_by_part() -> None:
    parts = {"single faults", "single process faults"}
    assert parts <= set(left_out_after(2))
    later = left_out_after(400)
    assert not parts & set(later)
    assert "pairs of faults" in later
    told = notes(Search(depth=2, left_out=7, left_out_parts={"single faults": 3, "pairs of faults": 4}))
    assert told[-1] == (
        "Time was up: 7 plans that were known of were left out (3 single faults, 4 pairs of faults), "
        "the most relevant had come first."
    )
    (*_, last) = notes(Search(depth=2, left_out=7, needs_s=94.6))
    assert last.endswith(" All of it needs about 95 s.")
