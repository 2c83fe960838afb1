"""What struck a process is counted where it happened, and required where the claims say that it can."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.adapter import CallableSaga
from harness.history import ExecutorBegan, ExecutorEnded, ExecutorWoken
from harness.plan.decision import Symptom
from harness.process_faults import ProcessFault
from harness.saga import Claim, StepKind
from harness.scenario import Scenario
from harness.situations import SITUATIONS, required_situations, seen_situations
from harness.situations.executors import EXECUTORS
from tests.unit.campaign.pretend import scenario
from tests.unit.invariants.tale import HOLD, Tale, spec, step

MINE = tuple(one.id for one in EXECUTORS)


class Story(Tale):
    """With executors that begin and end where they do."""

    def begin(self, executor: int = 1, *, resumed: bool = False, node: int = 1) -> Story:
        self.events.append(
            ExecutorBegan(t_s=self.now_s, executor=executor, saga_id="saga-1", resumed=resumed, node=node)
        )
        return self

    def over(self, executor: int = 1, **more: object) -> Story:
        ended = ExecutorEnded(t_s=self.now_s, executor=executor, saga_id="saga-1", **more)  # type: ignore[arg-type]
        self.events.append(ended)
        return self

    def wake(self, executor: int = 1) -> Story:
        self.events.append(ExecutorWoken(t_s=self.now_s, executor=executor, saga_id="saga-1"))
        return self

    @property
    def shows(self) -> set[str]:
        return set(seen_situations(self.view)) & set(MINE)


def test_nothing_of_it_is_seen_where_nobody_was_struck() -> None:
    story = Story().begin()
    story.act("hold")
    story.over(status="running").begin(2, resumed=True).over(2, status="completed")
    assert story.shows == set()


def test_a_crash_counts_once_another_executor_went_on() -> None:
    story = Story().begin()
    story.strike(story.act("hold", None))
    assert story.shows == set()
    assert story.begin(2, resumed=True).shows == {"crash"}


def test_a_crash_on_the_way_back() -> None:
    story = Story().begin()
    story.act("hold")
    story.strike(story.undo("hold", came=None))
    assert story.begin(2, resumed=True).shows == {"crash", "crash_during_compensation"}


def test_a_crash_before_the_way_back_is_none_on_it() -> None:
    story = Story().begin()
    story.strike(story.act("hold", None))
    story.begin(2, resumed=True).undo("hold", executor=2)
    assert story.shows == {"crash"}


def test_a_crash_in_the_recovery() -> None:
    story = Story().begin()
    story.strike(story.act("hold", None))
    story.begin(2, resumed=True)
    story.strike(story.act("hold", None, executor=2))
    assert story.begin(3, resumed=True).shows == {"crash", "crash_in_recovery"}


def test_a_crash_after_the_pivot_took_effect() -> None:
    story = Story(spec(HOLD, step("parcel", kind=StepKind.PIVOT))).begin()
    story.strike(story.act("parcel", None, applied=True))
    assert story.begin(2, resumed=True).shows == {"crash", "crash_after_pivot"}


def test_a_move() -> None:
    story = Story().begin()
    story.strike(story.act("hold", None), ProcessFault.MOVE)
    assert story.begin(2, resumed=True, node=2).shows == {"crash", "moved"}


def test_two_that_resume_at_once() -> None:
    story = Story().begin()
    story.strike(story.act("hold", None), ProcessFault.RACE)
    assert story.begin(2, resumed=True).shows == {"crash"}
    assert story.begin(3, resumed=True).shows == {"crash", "two_executors"}


def test_one_that_freezes_and_wakes_late() -> None:
    story = Story().begin()
    story.strike(story.act("hold", Symptom.SILENCE), ProcessFault.FREEZE)
    story.begin(2, resumed=True).over(2, status="compensated").wake()
    assert story.shows == {"two_executors"}
    story.undo("hold")
    assert story.shows == {"two_executors", "late_wake"}


def test_one_that_is_started_twice_at_once_or_after_its_end() -> None:
    at_once = Story().begin()
    at_once.strike(at_once.act("hold"), ProcessFault.START_AGAIN)
    assert at_once.shows == set()
    assert at_once.begin(2).shows == {"started_twice", "two_executors"}
    later = Story().begin()
    call = later.act("hold")
    later.over(status="completed").strike(call, ProcessFault.START_AGAIN)
    assert later.begin(2).shows == {"started_twice"}


def test_a_cancel() -> None:
    story = Story().begin()
    story.strike(story.act("hold", None), ProcessFault.CANCEL)
    assert story.over(cancelled=True).shows == {"cancelled"}


# What is required -----------------------------------------------------------------------------


def required(one: Scenario) -> set[str]:
    return set(required_situations(one)) & set(MINE)


@pytest.mark.parametrize(
    ("claim", "ids"),
    [
        (Claim.PROCESS_DEATH, {"crash", "crash_during_compensation"}),
        (Claim.OTHER_NODE, {"moved"}),
        (Claim.RETRY_ELSEWHERE, {"two_executors"}),
        (Claim.DUPLICATE_START, {"started_twice"}),
        (Claim.CANCEL, {"cancelled"}),
        (Claim.LOST_REPLY, set()),
    ],
)
def test_a_claim_requires_what_shows_it(claim: Claim, ids: set[str]) -> None:
    assert required(scenario(claim)) == ids


def test_a_plain_function_need_not_be_cancelled() -> None:
    one = replace(scenario(Claim.CANCEL), saga=CallableSaga(lambda ctx, input_: None, "plain"))
    assert required(one) == set()


def test_where_nothing_can_be_undone_nobody_dies_while_undoing() -> None:
    one = scenario(Claim.PROCESS_DEATH)
    steps = tuple(replace(step, compensation=None) for step in one.spec.steps)
    assert required(replace(one, spec=replace(one.spec, steps=steps))) == {"crash"}


def test_each_says_how_to_reach_it() -> None:
    assert all(SITUATIONS[id_].reach and SITUATIONS[id_].says for id_ in MINE)
