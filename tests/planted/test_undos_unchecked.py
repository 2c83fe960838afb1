"""Each undo reported as done, whatever happened: found at depth 1, and no pass where no undo failed."""

from __future__ import annotations

from harness.campaign.required import coverage
from harness.campaign.verdict import judge
from harness.report_model import Verdict
from harness.search import Digest
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
    assert sound.tally.situations[SITUATION]


def test_it_is_no_pass_where_no_undo_was_ever_made_to_fail(sim: SimWorld) -> None:
    one = PLANT.broken_scenario()
    kept = [digest for digest in search(one, sim, 1).digests if not digest.violated and not fails(digest)]
    assert any("compensation" in digest.situations for digest in kept)
    tally = tallied(one, kept)
    verdict, lacking = judge(one, tally, coverage(one, "sim", tally))
    assert verdict is Verdict.INCONCLUSIVE
    assert any(f"Situation {SITUATION} was never seen" in sentence for sentence in lacking)


def fails(digest: Digest) -> bool:
    return SITUATION in digest.situations
