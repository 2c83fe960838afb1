"""A plain forwarder in place of Toxiproxy loses nothing, and nothing is said to have been lost."""

from __future__ import annotations

from typing import Any

import pytest

from harness.history import FaultFired
from harness.plan import Fault, FaultPlan
from harness.runner import run_once
from harness.saga import Status
from harness.toxiproxy.client import Toxic
from harness.worlds.wire import WireWorld
from harness.worlds.wire.world import make_proxy
from tests.planted.messages.scenario import QUICK
from tests.planted.messages.shop import Shop

pytestmark = [pytest.mark.wire]


class Forwarder:
    """A proxy that knows no toxics."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def add_toxic(self, toxic: Toxic) -> str:
        return toxic.effective_name()


SAID = {
    "lose_ack": "the acknowledgement came through",
    "drop_message": "the delivery came through",
}


@pytest.mark.parametrize("kind", ["lose_ack", "drop_message"])
def test_a_plain_forwarder_loses_none(kind: str) -> None:
    plan = FaultPlan((Fault(kind=kind, operation="events.StockReserved.deliver"),))
    with WireWorld("embedded", make_proxy=lambda *told: Forwarder(make_proxy(*told))) as world:
        run = run_once(Shop().scenario(promise=QUICK), {}, plan, world)
    assert run.history.of(FaultFired) == ()
    assert [(one.kind, one.reason) for one in run.history.unconfirmed()] == [(kind, SAID[kind])]
    assert [one.status for one in run.view.sagas] == [Status.COMPLETED]
