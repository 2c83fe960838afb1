"""In a diagram messages go from the bus to the saga, and what is drawn of them stands between the two."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from harness.bus.types import DELIVER, EVENTS
from harness.history import (
    CallAnswered,
    CallSent,
    Delivered,
    ExecutorBegan,
    FaultFired,
    History,
    MessageDelivered,
    RunBegan,
)
from reports.rows import ACKNOWLEDGED, rows
from reports.sequence import Item, Mark, sequence
from reports.sequence_svg import sequence_svg
from tests.unit.reports.samples import SAGA

BUS = "participant events"


def message(call: int, method: str, path: str, verb: str) -> CallSent:
    return CallSent(
        t_s=0.001 * call,
        call=call,
        executor=1,
        saga_id=SAGA,
        participant="events",
        operation=f"events.OrderPlaced.{verb}",
        nth=1,
        method=method,
        path=path,
    )


def delivered_twice_and_published() -> History:
    return History(
        (
            RunBegan(t_s=0, scenario="order", world="sim", saga_ids=(SAGA,), input={}),
            ExecutorBegan(t_s=0, executor=1, saga_id=SAGA),
            message(1, DELIVER, "/OrderPlaced", "deliver"),
            FaultFired(t_s=0.001, call=1, fault=0, kind="duplicate_message"),
            Delivered(t_s=0.001, call=1),
            *(
                MessageDelivered(t_s=0.001, call=1, message=1, subscription="on_order", attempt=1)
                for _ in range(2)
            ),
            Delivered(t_s=0.002, call=1, copy=1),
            CallAnswered(t_s=0.003, call=1, status=200),
            message(4, "POST", EVENTS, "publish"),
            CallAnswered(t_s=0.005, call=4, status=201),
        )
    )


def lines(svg: ET.Element, kind: str) -> list[tuple[float, float]]:
    return [
        (float(one.get("x1", "")), float(one.get("x2", "")))
        for one in svg.iter("line")
        if one.get("class") == kind
    ]


def test_a_message_goes_from_the_bus_to_the_saga_and_its_acknowledgement_back() -> None:
    given = sequence(delivered_twice_and_published())
    saga = given.lifelines[0].key
    ways = [
        (one.mark, one.sender, one.receiver) for one in given.items if one.mark in (Mark.REQUEST, Mark.RETURN)
    ]
    assert ways == [
        (Mark.REQUEST, BUS, saga),
        (Mark.RETURN, saga, BUS),
        (Mark.REQUEST, saga, BUS),
        (Mark.RETURN, BUS, saga),
    ]


def test_every_arrow_and_its_words_stand_between_the_bar_of_the_saga_and_the_bus() -> None:
    svg = ET.fromstring(sequence_svg(sequence(delivered_twice_and_published()), anchor="a", title="t"))
    saga, bus = sorted({x for x, _ in lines(svg, "life")})
    assert lines(svg, "call") == [(bus - 1, saga + 5), (saga + 5, bus - 1)]
    assert lines(svg, "reply") == [(saga + 5, bus - 1), (bus - 1, saga + 5)]
    assert lines(svg, "call late") == [(saga + 34, saga + 5)]
    text = next(one for one in svg.iter("text") if "deliver OrderPlaced" in "".join(one.itertext()))
    assert float(text.get("x", "")) == saga + 9
    struck = next(one for one in svg.iter("text") if "duplicate_message" in "".join(one.itertext()))
    assert float(struck.get("x", "")) > bus
    (answer,) = (one for one in svg.iter("tspan") if one.text == ACKNOWLEDGED)
    assert answer.get("class") == "came"


def test_nobody_asks_where_an_event_is_published() -> None:
    published = [one for one in rows(delivered_twice_and_published()) if one.what.startswith("publish ")]
    assert [(one.who, one.what) for one in published] == [("", "publish OrderPlaced")]


def test_a_message_that_comes_once_more_is_told_so() -> None:
    (again,) = (one for one in sequence(delivered_twice_and_published()).items if one.mark is Mark.ARRIVAL)
    assert isinstance(again, Item)
    assert again.text == "deliver OrderPlaced once more"
