"""The end that a saga publishes is its word, on the wire as in sim."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.history import FaultFired
from harness.plan import FaultPlan
from harness.runner import run_once
from harness.worlds.wire import WireWorld
from tests.planted.messages.early_ends import PLANTED
from tests.planted.messages.scenario import QUICK

pytestmark = [pytest.mark.wire]


@pytest.fixture(scope="module")
def wire() -> Iterator[WireWorld]:
    with WireWorld("toxiproxy", progress=print) as world:
        yield world


@pytest.mark.parametrize("name", PLANTED)
def test_what_it_published_is_its_word(name: str, wire: WireWorld) -> None:
    saga, faults, status, violated = PLANTED[name]
    run = run_once(saga().scenario(promise=QUICK), {}, FaultPlan(faults), wire)
    assert {one.fault for _, one in run.history.of(FaultFired)} == set(range(len(faults)))
    assert run.view.sagas[0].status is status
    assert tuple(one.invariant for one in sorted(run.judgements, key=str) if one.message) == violated
