"""What a pass owes between two calls: each moment that a run showed, forward and while compensating."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from harness.campaign.aggregate import Aggregate
from harness.campaign.required import Coverage, coverage
from harness.plan import Fault
from harness.saga import Claim
from harness.search.gaps import BY_PAUSE
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, PARCEL, search
from tests.unit.sim.journal import saga_of, scenario_of

DEATHS = frozenset({Claim.PROCESS_DEATH})
TASKS = (HOLD, PARCEL)
SCENARIO = scenario_of(saga_of("plain", tasks=TASKS), DEATHS, TASKS)


BETWEEN = ("between:", "start:")


@pytest.fixture
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world


def between(covered: Coverage) -> list[Fault]:
    return [fault for fault in covered.unfired if fault.variant.startswith(BETWEEN)]


def test_guided_search_strikes_all_that_is_owed_forward_and_on_the_way_back(sim: SimWorld) -> None:
    found = search(SCENARIO, sim, 1)
    assert found.told == {}
    assert between(coverage(SCENARIO, "sim", found.aggregate)) == []
    fired = {
        (op, variant) for kind, op, variant in found.aggregate.fired_variants if variant.startswith(BETWEEN)
    }
    operations = {operation for operation, _ in fired}
    assert operations == {"stock.hold.create", "post.parcel.create", "stock.hold.delete_by_saga"}

    for mark in [one for one in found.aggregate.fired_variants if one[2].startswith(BETWEEN)]:
        found.aggregate.fired_variants.remove(mark)
        (missing,) = between(coverage(SCENARIO, "sim", found.aggregate))
        assert (missing.kind, missing.operation, missing.variant) == mark
        found.aggregate.fired_variants.add(mark)


def test_a_saga_that_keeps_nothing_owes_nothing_between_its_calls(sim: SimWorld) -> None:
    aggregate = Aggregate()
    for run_summary in search(SCENARIO, sim, 0).run_summaries:
        aggregate.add(run_summary)
    (fault_free,) = aggregate.fault_free.values()
    assert between(coverage(SCENARIO, "sim", aggregate)) != []
    aggregate.fault_free[0] = msgspec.structs.replace(fault_free, gaps=())
    assert between(coverage(SCENARIO, "sim", aggregate)) == []


def test_a_moment_that_was_gone_each_time_is_impossible_only_where_an_earlier_one_was_struck(
    sim: SimWorld,
) -> None:
    aggregate = search(SCENARIO, sim, 0).aggregate
    (fault_free,) = aggregate.fault_free.values()
    gaps = tuple(type(gap)(site=gap.site, variants=BY_PAUSE, last=-1) for gap in fault_free.gaps[:1])
    aggregate.fault_free[0] = msgspec.structs.replace(fault_free, gaps=gaps)
    operation = gaps[0].site.operation
    late = ("crash", operation, "between:75%")
    aggregate.missed[late] = 3
    aggregate.fired_variants |= {("crash", operation, "between:25%"), ("crash", operation, "between:50%")}
    covered = coverage(SCENARIO, "wire", aggregate)
    assert [fault.variant for fault in between(covered)] == ["between:0%"]
    reasons = [one.reason for one in covered.impossible if "75%" in one.reason]
    assert reasons == ["the next request came before 75% of the pause each time"]
    aggregate.fired_variants -= {("crash", operation, "between:25%"), ("crash", operation, "between:50%")}
    assert "between:75%" in [fault.variant for fault in between(coverage(SCENARIO, "wire", aggregate))]
