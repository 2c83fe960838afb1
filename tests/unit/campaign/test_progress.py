"""Estimates in seconds: by the pace so far, drawn plans included."""

from __future__ import annotations

from harness.campaign.progress import RUNS_FOR_AN_EXAMPLE, Progress
from harness.faults.enabled import enabled_faults
from harness.saga import Claim
from harness.search import GuidedSearch
from harness.search.guided import StopAsked
from tests.unit.campaign.pretend import Pretender, scenario


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def after(runs: int, *, examples: int = 0, drawn: int = 0, seconds: float = 10.0) -> Progress:
    one = scenario(Claim.LOST_REPLY)
    guided = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), 2)
    clock = Clock()
    progress = Progress(guided=guided, examples=examples, now_s=clock)
    run_summaries = guided.run(Pretender(lambda plan: ()), StopAsked())
    for number, _ in enumerate(run_summaries, start=1):
        progress.ran(drawn=False)
        if number == runs:
            break
    for _ in range(drawn):
        progress.ran(drawn=True)
    clock.now_s += seconds
    return progress


def test_what_is_ahead_takes_as_long_for_a_run_as_what_is_done() -> None:
    progress = after(20)
    ahead = progress.guided.workload.ahead()
    told = progress.told(runs=20, violated=1)
    assert (told.runs, told.violated, told.planned) == (20, 1, 20 + ahead.all)
    assert told.left_s == ahead.all * 0.5
    assert progress.needs_s == 10 + ahead.all * 0.5
    assert progress.singles_need_s == 10 + ahead.singles * 0.5
    assert ahead.singles < ahead.all


def test_plans_that_are_to_be_drawn_count() -> None:
    ahead = after(20).told(20, 0).planned
    assert ahead is not None
    assert after(20, examples=7).told(20, 0).planned == ahead + 7 * RUNS_FOR_AN_EXAMPLE
    assert after(20, examples=7, drawn=3).told(23, 0).planned == ahead + 7 * RUNS_FOR_AN_EXAMPLE
    assert after(20, examples=7, drawn=50).told(70, 0).planned == ahead + 50


def test_before_the_first_run_nothing_is_known() -> None:
    one = scenario(Claim.LOST_REPLY)
    progress = Progress(guided=GuidedSearch(enabled_faults(one, "sim"), 1, 2), examples=0)
    assert progress.told(0, 0).left_s == 0
