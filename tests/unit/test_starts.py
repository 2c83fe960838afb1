"""Which sagas a run may start: refused before anything runs, with where, found and expected."""

from __future__ import annotations

import math

import pytest

from harness.errors import UsageError
from harness.plan import FaultPlan
from harness.saga import SagaStart
from harness.worlds import World
from harness.worlds.sim import SimWorld
from harness.worlds.starts import check_starts
from harness.worlds.wire import WireWorld
from tests.unit.sim.journal import saga_of, scenario_of

WHERE = "scenario 'order', world wire"
ONE = SagaStart(id="saga-1", input={})
TWO = SagaStart(id="saga-2", input={})


def test_sagas_with_ids_of_their_own_pass() -> None:
    check_starts([ONE, TWO, SagaStart(id="saga-3", input=None, at_s=2.5)], WHERE)


@pytest.mark.parametrize(
    ("sagas", "says"),
    [
        ([], "sagas: found (), expected at least one SagaStart"),
        (
            [ONE, ONE],
            "saga 2, id: found 'saga-1', expected an id without ':' that no other saga of the run has",
        ),
        ([SagaStart(id="a:b", input={})], "saga 1, id: found 'a:b', expected an id without ':'"),
        ([SagaStart(id="", input={})], "saga 1, id: found '', expected an id"),
        ([SagaStart(id="a", input={}, at_s=-1)], "saga 1, at_s: found -1, expected seconds from"),
        ([ONE, SagaStart(id="a", input={}, at_s=math.nan)], "saga 2, at_s: found nan, expected seconds"),
    ],
)
def test_others_are_refused(sagas: list[SagaStart], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_starts(sagas, WHERE)
    assert str(caught.value).startswith(f"{WHERE}, {says}")


@pytest.mark.parametrize("world", [WireWorld(), SimWorld()], ids=["wire", "sim"])
def test_a_world_refuses_before_anything_runs(world: World) -> None:
    with pytest.raises(UsageError, match="sagas: found \\(\\), expected at least one"):
        world.run(scenario_of(saga_of("async")), [], FaultPlan())
