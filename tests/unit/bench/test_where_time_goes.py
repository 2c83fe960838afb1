"""A planted saga for each way to be slow, and what the benchmark says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bench.aborts import Abort, aborts
from harness.bench.arrivals import Load, batches
from harness.bench.cells import cell_of
from harness.bench.remarks import remarks
from harness.bench.result import Cell
from harness.bench.samples import Sample, samples_of
from harness.latency_profile import PROFILES, LatencyProfile, Link
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import run_sagas
from harness.saga import SagaStart
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.two_steps import TWO_STEPS
from tests.unit.bench.slow_sagas import FLOOR_S, SAGAS

UNDO = "inventory.reservation.delete_by_saga"


def scenario(folder: Path, saga: str) -> Scenario:
    (folder / "sagas.py").write_text(SAGAS)
    (folder / "saga.toml").write_text(
        f"""format_version = 1
name = "slow"
[saga]
adapter = "callable"
target = "sagas.py:{saga}"
inputs = [{{}}]
"""
        + TWO_STEPS
    )
    return load_scenario(str(folder / "saga.toml"), registered=None)


@pytest.fixture
def world() -> Iterator[SimWorld]:
    with SimWorld() as entered:
        yield entered


def charge_refused(of: Scenario) -> Abort:
    (abort,) = (one for one in aborts(of, "sim") if (one.step, one.kind) == ("charge", "reject"))
    return abort


def sampled(
    of: Scenario, world: SimWorld, plan: FaultPlan, at_s: tuple[float, ...] = (0.0,)
) -> tuple[Sample, ...]:
    sagas = tuple(SagaStart(id=f"saga-{number}", input={}, at_s=one) for number, one in enumerate(at_s))
    return samples_of(run_sagas(of, sagas, plan, world).history, sagas)


def cell(of: Scenario, world: SimWorld, *more: Fault) -> Cell:
    abort = charge_refused(of)
    samples = sampled(of, world, FaultPlan((*abort.plan.faults, *more)))
    return cell_of(of.name, "sim", abort, Load(), samples, counts_messages=True)


def test_what_undoes_at_once_spends_its_time_in_calls(tmp_path: Path, world: SimWorld) -> None:
    found = cell(scenario(tmp_path, "at_once"), world)
    assert found.spent is not None
    assert found.spent.in_calls_s == pytest.approx(0.002)
    assert (found.spent.retry_s, found.spent.polling_s, found.spent.pace_s) == (0, 0, 0)
    assert (found.messages, found.remarks) == (2, ())


def test_a_polling_floor_is_named(tmp_path: Path, world: SimWorld) -> None:
    found = cell(scenario(tmp_path, "in_a_loop"), world)
    assert found.spent is not None
    assert found.spent.pace_s == pytest.approx(2 * FLOOR_S)
    (remark,) = found.remarks
    assert remark.startswith(
        "a polling floor: at least 200 ms pass between an acknowledged call and the next"
    )


def test_back_off_that_dominates_is_named(tmp_path: Path, world: SimWorld) -> None:
    refused_once = Fault(kind="error_before", operation=UNDO)
    found = cell(scenario(tmp_path, "backing_off"), world, refused_once)
    assert found.spent is not None
    assert found.spent.retry_s == pytest.approx(1.0)
    (remark,) = found.remarks
    assert remark == "back-off dominates: 100% of the latency is waiting after failed attempts"


def test_phases_follow_each_other_from_the_first_fault_on(tmp_path: Path, world: SimWorld) -> None:
    found = cell(scenario(tmp_path, "in_a_loop"), world)
    assert found.phases is not None
    assert found.phases.decided_s == pytest.approx(FLOOR_S)
    assert found.phases.undone_s == pytest.approx(0.002)
    assert found.phases.told_s == pytest.approx(FLOOR_S)


def test_who_ends_stuck_is_counted(tmp_path: Path, world: SimWorld) -> None:
    found = cell(scenario(tmp_path, "stuck"), world)
    assert (found.ended, found.sagas, found.latency_s.n) == ({"stuck": 1}, 1, 0)
    assert found.spent is None


def test_a_saga_without_an_outcome_is_unfinished(tmp_path: Path, world: SimWorld) -> None:
    of = scenario(tmp_path, "at_once")
    (one,) = sampled(of, world, FaultPlan((Fault(kind="lose_request", operation="payments.charge.create"),)))
    assert (one.ended, one.compensation, one.response_s) == ("unfinished", None, None)


def test_sagas_side_by_side_are_each_a_sample(tmp_path: Path, world: SimWorld) -> None:
    of = scenario(tmp_path, "at_once")
    found = sampled(of, world, charge_refused(of).plan, (0.0,) * 8)
    assert [one.ended for one in found] == ["compensated"] * 8
    assert {one.saga_id for one in found} == {f"saga-{number}" for number in range(8)}


def test_at_a_rate_the_time_counts_from_when_a_saga_was_to_start(tmp_path: Path, world: SimWorld) -> None:
    of = scenario(tmp_path, "in_a_loop")
    found = sampled(of, world, charge_refused(of).plan, (0.0, 0.1, 0.2))
    assert [one.response_s for one in found] == pytest.approx([0.406] * 3)


# Network --------------------------------------------------------------------------------------


def latency_s(of: Scenario, profile: LatencyProfile, saga_id: str = "saga-0") -> float:
    sagas = (SagaStart(id=saga_id, input={}),)
    with SimWorld(profile=profile) as world:
        (one,) = samples_of(run_sagas(of, sagas, charge_refused(of).plan, world).history, sagas)
    assert one.compensation is not None
    return one.compensation.latency_s


def test_a_profile_delays_each_message(tmp_path: Path) -> None:
    of = scenario(tmp_path, "at_once")
    link = Link(one_way_ms=30)
    assert latency_s(of, LatencyProfile(name="x", link=link)) == pytest.approx(0.06)
    elsewhere = LatencyProfile(name="x", link=link, links={"inventory": Link(one_way_ms=100)})
    assert latency_s(of, elsewhere) == pytest.approx(0.2)


def test_jitter_is_the_same_for_the_same_saga(tmp_path: Path) -> None:
    of = scenario(tmp_path, "at_once")
    found = [latency_s(of, PROFILES["wan"], saga_id) for saga_id in ("a", "b", "a")]
    assert found[0] == found[2] != found[1]
    assert all(0.06 <= one <= 0.1 for one in found)


def test_jitter_spreads_evenly() -> None:
    link = Link(one_way_ms=40, jitter_ms=10)
    drawn = [link.delay_s(f"{number}") for number in range(2_000)]
    assert 0.03 <= min(drawn) < 0.0302
    assert 0.0498 < max(drawn) <= 0.05
    assert sum(drawn) / len(drawn) == pytest.approx(0.04, rel=0.02)


# Arrivals and sums ----------------------------------------------------------------------------


def test_a_closed_loop_starts_the_next_when_all_have_ended() -> None:
    assert list(batches(Load(side_by_side=8), 20, 10.0)) == [(0.0,) * 8, (0.0,) * 8, (0.0,) * 4]


def test_an_open_loop_starts_them_on_time() -> None:
    assert list(batches(Load(rate=2.0), 5, 1.0)) == [(0.0, 0.5), (0.0, 0.5), (0.0,)]


def test_nothing_to_remark_of_an_empty_sample() -> None:
    assert list(remarks(())) == []


def test_every_way_to_fail_lasts() -> None:
    from harness.loading import load  # noqa: PLC0415 - the registered ones are loaded late

    found = aborts(load("order-fulfilment"), "sim")
    assert found[0].step == "create_shipment"
    assert all(fault.count is Lasting.FOR_EVER for one in found for fault in one.plan.faults)
