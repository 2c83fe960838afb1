"""Each undo reported as done, whatever happened: found at depth 1, and no pass where no undo failed."""

from __future__ import annotations

from harness.campaign.required import coverage
from harness.campaign.verdict import judge
from harness.report_model import ScenarioVerdict
from harness.search import RunSummary
from harness.worlds.sim import SimWorld
from tests.planted.kit import Plant, search
from tests.planted.sagas import Saga, Task
from tests.unit.campaign.pretend import tallied

SITUATION = "failed_compensation"


class LooksAtNoReply(Saga):
    """Sends each undo, and takes it for done."""

    async def undo(self, task: Task) -> bool:
        await super().undo(task)
        return True


PLANT = Plant(broken=LooksAtNoReply, caught_by="failed_compensation_escalated", smallest=())


def test_an_undo_that_is_reported_as_done_whatever_happened(sim: SimWorld) -> None:
    assert "failed_compensation_escalated" in search(PLANT.broken_scenario(), sim, 1).told
    sound = search(PLANT.sound_scenario(), sim, 1)
    assert sound.told == {}
    assert sound.aggregate.situations[SITUATION]


def test_it_is_no_pass_where_no_undo_was_ever_made_to_fail(sim: SimWorld) -> None:
    one = PLANT.broken_scenario()
    kept = [
        run_summary
        for run_summary in search(one, sim, 1).run_summaries
        if not run_summary.violated and not fails(run_summary)
    ]
    assert any("compensation" in run_summary.situations for run_summary in kept)
    aggregate = tallied(one, kept)
    verdict, lacking = judge(one, aggregate, coverage(one, "sim", aggregate))
    assert verdict is ScenarioVerdict.INCONCLUSIVE
    assert any(f"Situation {SITUATION} was never seen" in sentence for sentence in lacking)


def fails(run_summary: RunSummary) -> bool:
    return SITUATION in run_summary.situations
