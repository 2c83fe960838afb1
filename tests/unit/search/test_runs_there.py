"""What Hypothesis draws for several sagas is what the world can run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import SubprocessSaga
from harness.plan import Fault, FaultPlan
from harness.search.drawing import runs_there
from tests.planted.messages.shop import Shop

SCENARIO = Shop().scenario()
SERVICE = replace(SCENARIO, saga=HttpSaga(base_url="http://127.0.0.1:1", cwd=Path()))
COMMAND = replace(SCENARIO, saga=SubprocessSaga(command=("true",), cwd=Path()))
CRASH = Fault(kind="crash", operation="stock.hold.create", variant="applied")


def test_sagas_at_one_service_do_not_die_on_the_wire() -> None:
    alone, both = FaultPlan((CRASH,)), FaultPlan((CRASH,), (), 2)
    assert runs_there(alone, SERVICE, "wire")
    assert not runs_there(both, SERVICE, "wire")
    assert not runs_there(both, SCENARIO, "wire")  # nor are its functions torn apart
    assert runs_there(both, COMMAND, "wire")
    assert runs_there(both, SCENARIO, "sim")
    assert runs_there(FaultPlan((replace(CRASH, kind="reject", variant=""),), (), 2), SERVICE, "wire")
