"""A scenario of handlers has their bus, the bus all of their events; handlers are what they should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.adapter.handlers import handlers_saga
from harness.bus import Bus
from harness.errors import ScenarioError
from harness.process_faults import ProcessFault
from harness.saga import Correlation, Status
from tests.planted.messages.shop import Shop


async def on_placed(ctx: object, event: object) -> None:
    """A handler."""
    del ctx, event


async def takes_too_much(ctx: object, event: object, more: object) -> None:
    del ctx, event, more


def yields(ctx: object, event: object) -> Any:
    yield ctx, event


def made(**changed: Any) -> object:
    told: dict[str, Any] = {"bus": "events", "starts": "Placed", "outcome": {"Done": Status.COMPLETED}}
    return handlers_saga(changed.pop("handlers", {"Placed": on_placed}), **(told | changed))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"handlers": {"Placed": yields}}, "a function that returns"),
        ({"handlers": {"Placed": takes_too_much}}, "takes \\(ctx, event\\)"),
        ({"starts": "Other"}, "starts"),
        ({"outcome": {}}, "an event for each end"),
    ],
)
def test_what_is_no_saga_of_handlers_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        made(**changed)


@pytest.mark.parametrize(
    ("bus", "says"),
    [
        (Bus("other", Shop.events), "bus: found 'events'"),
        (Bus("events", Shop.events[:-1]), "event: found 'OrderCancelled'"),
    ],
)
def test_the_bus_has_to_be_there_with_every_event(bus: Bus, says: str) -> None:
    scenario = Shop().scenario()
    with pytest.raises(ScenarioError, match=says):
        replace(scenario, participants=(*scenario.participants[:2], bus))


def test_nobody_could_cancel_it() -> None:
    saga = Shop().scenario().saga
    assert saga.unfit(ProcessFault.CANCEL)
    assert saga.unfit(ProcessFault.CRASH) is None
    assert saga.worlds == ("sim", "wire")


@pytest.mark.parametrize(
    ("correlation", "data", "headers"),
    [
        (Correlation(), {"saga_id": "s-1", "sku": "A"}, {}),
        (Correlation(field="order.id", pattern="no-{saga_id}"), {"order": {"id": "no-s-1"}, "sku": "A"}, {}),
        (Correlation(header="X-Order"), {"sku": "A"}, {"x-order": "s-1"}),
    ],
)
def test_the_event_that_starts_it_names_the_saga(
    correlation: Correlation, data: dict[str, Any], headers: dict[str, str]
) -> None:
    saga: Any = made(correlation=correlation)
    event, told = saga.start_event("s-1", {"sku": "A"})
    assert (event.type, event.data, dict(told)) == ("Placed", data, headers)
