"""A diagram shows what happened: arrows that arrive, arrows that break, what is left."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from harness.history import (
    CallAnswered,
    CallFailed,
    CallSent,
    EffectApplied,
    ExecutorBegan,
    FaultFired,
    HeldOtherwise,
    History,
    Lapsed,
    RunBegan,
)
from harness.history.events import AnyEvent
from harness.plan.decision import Symptom
from reports.rows import rows
from reports.sequence import Item, Left, Mark, RunSequence, sequence
from reports.sequence_svg import sequence_svg
from tests.unit.reports.samples import SAGA, crashed, effect, late_charge, lost_charge, sent


def items(given: RunSequence, mark: Mark) -> list[Item]:
    return [one for one in given.items if one.mark is mark]


def drawn(given: RunSequence) -> ET.Element:
    return ET.fromstring(sequence_svg(given, anchor="a", title="t"))


def texts(given: RunSequence) -> str:
    return "\n".join("".join(one.itertext()) for one in drawn(given).iter("text"))


def test_a_lost_reply_is_a_whole_arrow_there_and_a_broken_one_back() -> None:
    given = sequence(lost_charge(), (10, 15))
    there = [one for one in items(given, Mark.REQUEST) if "/charges" in one.text]
    back = [one for one in items(given, Mark.RETURN) if one.sender == "participant charge"]
    assert [(one.broken, one.fault) for one in there] == [(False, "")]
    assert [(one.broken, one.nothing, one.fault, one.doubt, one.text) for one in back] == [
        (True, False, "lose_reply", True, "no reply for 5.00 s")
    ]


def test_a_lost_request_is_an_arrow_that_breaks_and_nothing_back() -> None:
    events = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={}),
        ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
        sent(1, 0.0, "charge", "POST /charges"),
        FaultFired(t_s=0.0, call=1, fault=0, kind="lose_request"),
        CallFailed(t_s=0.25, call=1, symptom=Symptom.SILENCE),
    )
    given = sequence(History(events))
    (there,) = items(given, Mark.REQUEST)
    (back,) = items(given, Mark.RETURN)
    assert (there.broken, there.fault) == (True, "lose_request")
    assert (back.nothing, back.fault, back.doubt) == (True, "", True)
    assert len(drawn(given).findall(".//line[@class='call lost']")) == 1
    assert not drawn(given).findall(".//line[@class='reply lost']")


def test_what_is_left_is_what_was_made_and_not_removed() -> None:
    lost = sequence(lost_charge(), (10,)).left
    assert lost["payments"] == (Left(resource="charge #1", relevant=True),)
    assert lost["inventory"] == ()
    assert sequence(late_charge()).left["payments"] == (Left(resource="charge #1"),)


def test_the_evidence_is_marked_and_nothing_else() -> None:
    given = sequence(lost_charge(), (10, 15))
    assert {one.index for one in given.items if one.relevant} == {10, 15}
    assert len(drawn(given).findall(".//rect[@class='hit']")) == 2
    assert not [one for one in sequence(lost_charge()).items if one.relevant]


def test_an_executor_that_died_is_resumed_on_its_own_lifeline_and_a_second_one_beside_it() -> None:
    given = sequence(crashed())
    lanes = [one for one in given.lifelines if one.saga_id]
    assert [one.label for one in lanes] == ["saga", "saga, again"]
    told = [one.text for one in items(given, Mark.LIFE)]
    assert any("dies once POST /charges was applied" in one for one in told)
    bars = [one for one in drawn(given).iter("rect") if (one.get("class") or "").startswith("bar")]
    assert any(one.get("class") == "bar asleep" for one in bars)


def test_a_long_run_says_how_much_is_left_out_and_keeps_the_evidence() -> None:
    history = late_charge()
    landed = next(i for i, one in enumerate(history.events) if isinstance(one, EffectApplied))
    given = sequence(history, (landed,), most=8)
    assert given.left_out > 20
    assert len(given.items) < 40
    assert any(one.index == landed and one.relevant for one in given.items)
    gaps = [one.text for one in given.items if one.index < 0]
    assert sum(int(one.split()[1]) for one in gaps) == given.left_out


def test_two_sagas_are_side_by_side() -> None:
    events = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=("one", "two"), input={}),
        ExecutorBegan(t_s=0, executor=1, saga_id="one"),
        ExecutorBegan(t_s=0, executor=2, saga_id="two"),
        sent(1, 0.0, "charge", "POST /charges"),
    )
    given = sequence(History(events))
    assert [one.label for one in given.lifelines] == ["one", "two", "charge"]


def test_a_lifeline_says_whose_it_is_and_its_marks_do_not() -> None:
    events = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA, "two"), input={}),
        ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
        ExecutorBegan(t_s=0, executor=2, saga_id="two"),
        sent(1, 0.0, "charge", "POST /charges"),
    )
    given = sequence(History(events))
    assert [one.text for one in items(given, Mark.LIFE)] == ["the saga starts", "the saga starts"]
    assert [one.who for one in items(given, Mark.REQUEST)] == ["charge"]
    assert rows(History(events))[2].who == f"{SAGA} charge"


def test_a_gap_of_the_timeline_is_one_line_whatever_lies_in_it() -> None:
    """The answer to a call that is shown may come among the calls that are not."""
    first = sent(1, 0.0, "first", "POST /first")
    hidden = [sent(call, 0.001, "again", "POST /again") for call in range(2, 40)]
    events: tuple[AnyEvent, ...] = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={}),
        ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
        first,
        *hidden[:20],
        CallAnswered(t_s=0.5, call=1, status=201),
        *hidden[20:],
    )
    given = sequence(History(events), most=6)
    gaps = [one.text for one in given.items if one.index < 0]
    assert gaps == [f"… {given.left_out} more lines …"]
    assert any(one.mark is Mark.RETURN for one in given.items)


def test_what_kills_a_process_is_a_cross_and_what_does_not_is_a_bolt() -> None:
    svg = drawn(sequence(crashed()))
    struck = [one for one in items(sequence(crashed()), Mark.LIFE) if one.broken]
    assert sorted(one.ends for one in struck) == [False, True]
    crosses = [one for one in svg.iter("path") if one.get("class") == "cross"]
    bars = {one.get("x") for one in svg.iter("rect") if (one.get("class") or "").startswith("bar")}
    at = {f"{float((one.get('d') or 'M0')[1:].split()[0]) + 1:.1f}" for one in crosses}
    assert at & bars


EVIL = '<script>alert(1)</script> & "x" ]]> \u202e \x07'


def test_what_a_saga_wrote_is_text_in_the_drawing() -> None:
    call = CallSent(
        t_s=0,
        call=1,
        executor=1,
        saga_id=SAGA,
        participant=EVIL,
        operation="a.b.create",
        nth=1,
        method="POST",
        path=f"/{EVIL}",
        steps=(EVIL,),
    )
    began = RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={})
    given = sequence(History((began, call, effect(1, 0.1, f"{EVIL}.{EVIL}"))))
    svg = sequence_svg(given, anchor="a", title=EVIL)
    assert "<script" not in svg
    assert "\u202e" not in svg
    assert r"\u202e" in svg
    assert "alert(1)" in texts(given)


@pytest.mark.parametrize("history", [lost_charge(), late_charge(), crashed()])
def test_nothing_is_drawn_outside_the_drawing(history: History) -> None:
    svg = drawn(sequence(history))
    _, _, width, height = (float(one) for one in (svg.get("viewBox") or "").split())
    for one in svg.iter():
        for name, most in (("x", width), ("x1", width), ("x2", width), ("y", height), ("y1", height)):
            value = one.get(name)
            if value is not None and not value.endswith("%"):
                assert -1 <= float(value) <= most
    title = svg.find("title")
    assert title is not None
    assert svg.get("aria-labelledby") == title.get("id")


def test_the_same_twice() -> None:
    one, other = (sequence_svg(sequence(crashed()), anchor="a", title="t") for _ in range(2))
    assert one == other


def test_what_a_service_holds_otherwise_and_what_lapsed_stands_at_its_lifeline() -> None:
    began = (
        RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={}),
        ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
        sent(1, 0.0, "charge", "POST /charges"),
        effect(1, 0.1, "charge"),
    )
    said = "charge answered 201 for charge '7' and does not hold it"
    resource = began[3].resource
    whose: dict[str, Any] = {"resource": resource, "incarnation": 1, "saga_id": SAGA, "step": "charge"}
    lapsed = Lapsed(t_s=1.0, detail="held → free, its time was up", **whose)
    contradicted = HeldOtherwise(t_s=1.0, held=False, says=said, **whose)
    found = HeldOtherwise(t_s=1.0, held=True, says="charge holds it", **{**whose, "incarnation": 2})
    for event, text in ((lapsed, "#1 held → free"), (contradicted, said), (found, "charge holds it")):
        given = sequence(History((*began, event)), (4,))
        (mark,) = [one for one in items(given, Mark.EFFECT) if one.index == 4]
        assert mark.sender == f"participant {resource.partition('.')[0]}"
        assert text in mark.text
        assert text in texts(given)
        left = given.left[resource.partition(".")[0]]
        assert len(left) == (2 if event is found else 0)
    told = rows(History((*began, lapsed)))
    assert told[-1].what == f"{resource} #1 held → free, its time was up"
