"""What is published of a saga's life is judged on the wire as in sim."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.history import FaultFired
from harness.invariants import Verdict
from harness.plan import FaultPlan
from harness.runner import Run, run_once
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld
from tests.planted.messages.lifecycle import PLANTED, MissesAnUndo, TellsItsLife, TellsItsUndos
from tests.planted.messages.scenario import QUICK

pytestmark = [pytest.mark.wire]


@pytest.fixture(scope="module")
def wire() -> Iterator[WireWorld]:
    with WireWorld("toxiproxy", progress=print) as world:
        yield world


def told(run: Run) -> tuple[str, Verdict]:
    (judged,) = [one for one in run.judgements if one.invariant == "lifecycle_events"]
    return judged.message, judged.verdict


@pytest.mark.parametrize("name", PLANTED)
def test_the_broken_one_is_found_and_its_twin_holds(name: str, wire: WireWorld) -> None:
    broken, faults, said = PLANTED[name]
    plan = FaultPlan(faults)
    message, _ = told(run_once(broken().scenario(promise=QUICK), {}, plan, wire))
    assert said in message
    twin: Scenario = (TellsItsUndos if broken is MissesAnUndo else TellsItsLife)().scenario(promise=QUICK)
    run = run_once(twin, {}, plan, wire)
    assert told(run) == ("", Verdict.HELD)
    assert [one.message for one in run.judgements if one.message] == []
    assert len({fired.fault for _, fired in run.history.of(FaultFired)}) == len(faults)
