"""HTTP services that make the ids of their sagas, and say in words of their own how one stands."""

from __future__ import annotations

import time

import pytest

from harness.adapter.http import HttpFields, HttpPaths, HttpSaga
from harness.runner import Run
from harness.saga import Status
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld
from tests.wire.orders import outcomes
from tests.wire.sagas import PROGRAMS, PYTHON, RESERVE, plan, run, scenario, statuses, violated

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]


def ordering(manner: str = "") -> Scenario:
    return scenario(
        HttpSaga(
            base_url="http://127.0.0.1:{port}",
            start=(*PYTHON, str(PROGRAMS / "ordering.py"), "{port}"),
            cwd=PROGRAMS,
            env={"ORDERING": manner},
            paths=HttpPaths(start="/orders", status="/orders/{id}"),
            fields=HttpFields(id="reference", status="order.state", detail="order.why", made_id="order.id"),
            statuses={
                "BOOKED": Status.COMPLETED,
                "FAILED": Status.COMPENSATED,
                "PENDING": Status.RUNNING,
                "STUCK": Status.STUCK,
            },
        )
    )


def pid(done: Run) -> object:
    detail = outcomes(done.history)[-1].detail
    assert isinstance(detail, dict)
    return detail["pid"]


def owners(done: Run) -> set[str]:
    return {call.sent.saga_id for call in done.history.calls}


@pytest.mark.parametrize("manner", ["", "sync"])
def test_calls_are_those_of_the_saga_that_the_service_named(real_world: WireWorld, manner: str) -> None:
    """Before the POST is answered too; and `order-1` of one run is not `order-1` of another process."""
    of = ordering(manner)
    booked, failed = run(real_world, of), run(real_world, of, plan("reject"))
    assert (statuses(booked), violated(booked)) == (["completed"], {})
    assert (statuses(failed), violated(failed)) == (["compensated"], {})
    assert pid(booked) == pid(failed)
    assert owners(booked) == {booked.saga_id}
    assert owners(failed) == {failed.saga_id}
    assert len(failed.history.calls) == 4
    crashed = run(real_world, of, plan("crash", variant="applied"))
    assert (statuses(crashed), violated(crashed)) == (["completed"], {})
    assert pid(crashed) != pid(booked)


def test_a_service_that_forgets_whose_order_it_was_is_caught(real_world: WireWorld) -> None:
    """It is asked again after a crash before its answer, and begins a second order beside the first."""
    done = run(real_world, ordering("forgets"), plan("start_twice", variant="at_once"))
    assert "idempotent_actions" in violated(done)
    assert violated(run(real_world, ordering(), plan("start_twice", variant="at_once"))) == {}


def test_calls_under_an_id_of_nobody_are_told(real_world: WireWorld) -> None:
    done = run(real_world, ordering("liar"))
    assert violated(done) != {}
    early = run(real_world, ordering("liar"), plan("slow", RESERVE, variant="50ms"))
    assert violated(early) != {}


def test_an_answer_without_the_id(real_world: WireWorld) -> None:
    done = run(real_world, ordering("silent"))
    expected = "POST /orders: the answer: found '{}', expected 'order.id' in its JSON"
    assert violated(done)["termination"].startswith(expected)


def test_a_call_for_an_order_of_an_earlier_run_is_no_call_of_this_one(real_world: WireWorld) -> None:
    of = ordering("lingers")
    for _ in range(3):
        done = run(real_world, of, plan("slow", RESERVE, variant="200ms"), plan("slow", variant="200ms"))
        assert (statuses(done), violated(done)) == (["completed"], {})
        assert owners(done) == {done.saga_id}
        assert len(done.history.calls) == 2
    time.sleep(0.4)
