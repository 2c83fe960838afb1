"""What is certain while a run goes on: the judge says the same of it, and of all that may follow."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from harness.history import EndedEarly, History, Recorder
from harness.history.events import AnyEvent, CallSent
from harness.plan.decision import Symptom
from harness.saga import Direction, OnFailedCompensation
from harness.views import LoopWatch, View
from harness.views.retries import series_of
from tests.unit.invariants.tale import Tale, spec

Said = tuple[str, tuple[str, ...], int | Symptom | None, int, float]

WORDS = st.tuples(
    st.sampled_from(["act", "undo"]),
    st.sampled_from([("hold",), ("charge",), ("hold", "charge")]),
    st.sampled_from([201, 202, 500, Symptom.SILENCE, Symptom.REFUSED, None]),
    st.integers(1, 2),
    st.sampled_from([0.0, 0.1]),
)


def certain(events: list[AnyEvent], tale: Tale) -> list[str]:
    view = View(History(tuple(events)), tale.spec, tale.resources)
    found = (one.certainly() for saga in view.sagas for one in series_of(saga))
    return [one for one in found if one is not None]


@pytest.mark.parametrize("policy", list(OnFailedCompensation))
def test_what_is_certain_is_violated_whatever_comes_next(policy: OnFailedCompensation) -> None:
    seen = {True: 0, False: 0}

    @hypothesis.settings(max_examples=150, database=None, deadline=None, derandomize=True)
    @hypothesis.given(said=st.lists(WORDS, max_size=12), times=st.integers(1, 6))
    def check(said: list[Said], times: int) -> None:
        tale = Tale(spec(max_attempts=2, failed_compensation=policy), gap_s=0.0)
        was = False
        for what, steps, came, executor, gap_s in said * times:
            tale.gap_s = gap_s
            if what == "act":
                tale.act(steps[0], came, executor=executor)
            else:
                tale.undo(*steps, came=came, executor=executor)
            now = bool(certain(tale.events, tale))
            assert now or not was
            was = now
        seen[was] += 1
        if was:
            assert not tale.held("bounded_retries")

    check()
    assert min(seen.values()) > 10


def test_the_watch_looks_at_calls_of_one_kind_and_records_why() -> None:
    tale = Tale(gap_s=0.0)
    recorder = Recorder(lambda: tale.now_s)
    recorder.events = tale.events
    watch = LoopWatch(tale.spec, tale.resources, recorder)
    told: list[str | None] = []
    for _ in range(8):
        tale.act("hold", 500)
        sent = [event for event in tale.events if isinstance(event, CallSent)][-1]
        told.append(watch.sent(1, "saga-1", sent.steps, sent.direction))
    assert told[:7] == [None] * 7
    assert told[7] == "the action of step hold was repeated 7 times under min_gap_s"
    assert recorder.events[-1] == EndedEarly(t_s=tale.now_s, why=told[7])


def test_queries_and_calls_that_differ_are_not_looked_at() -> None:
    tale = Tale(gap_s=0.0)
    watch = LoopWatch(tale.spec, tale.resources, Recorder(lambda: 0.0))  # it would fail on no events at all
    for number in range(20):
        assert watch.sent(1, "saga-1", ("hold",), None) is None
        assert watch.sent(number, "saga-1", ("hold",), Direction.ACTION) is None
        assert watch.sent(1, f"saga-{number}", ("hold",), Direction.COMPENSATION) is None
