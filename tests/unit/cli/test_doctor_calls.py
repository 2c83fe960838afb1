"""`saga-chaos doctor SCENARIO`: whose each call of the run without faults is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.cli.console import FIRST_SAGA, saga_chaos


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    for name in ("saga.toml", "sagas.py"):
        shutil.copy(FIRST_SAGA.parent / name, tmp_path)
    return tmp_path


def change(folder: Path, before: str, after: str) -> None:
    source = (folder / "sagas.py").read_text()
    assert before in source
    (folder / "sagas.py").write_text(source.replace(before, after))


def test_each_call_is_shown_with_its_operation_and_step(mine: Path) -> None:
    told = saga_chaos(["doctor", "saga.toml"], mine).stdout
    assert "POST /reservations: inventory.reservation.create, action of step reserve" in told
    assert "POST /charges: payments.charge.create, action of step charge" in told


def test_a_call_that_no_route_serves_is_told_with_the_one_that_was_meant(mine: Path) -> None:
    change(mine, '"/charges"', '"/charge"')
    done = saga_chaos(["doctor", "saga.toml"], mine)
    assert done.returncode == 2
    assert "FAILED   POST /charge matches no route of payments\n" in done.stdout
    assert "did you mean POST /charges? It has POST /charges, " in done.stdout


def test_a_call_for_a_saga_that_was_not_started_is_told(mine: Path) -> None:
    change(mine, "?saga_id={ctx.saga_id}", "?saga_id=another")
    done = saga_chaos(["doctor", "saga.toml"], mine)
    assert done.returncode == 2
    assert "it names saga 'another', which was not started" in done.stdout
    assert "[saga.correlation]" in done.stdout


def test_steps_that_share_a_route_are_told_apart_by_the_key(mine: Path) -> None:
    toml = (mine / "saga.toml").read_text()
    (step,) = [line for line in toml.splitlines() if 'name = "reserve"' in line]
    more = step.replace('"reserve"', '"reserve_more"')
    (mine / "saga.toml").write_text(toml.replace(step, f"{step}\n{more}"))
    done = saga_chaos(["doctor", "saga.toml"], mine)
    assert (
        "FAILED   POST /reservations: inventory.reservation.create, taken for step reserve, and its key "
        in done.stdout
    )
    assert "reserve and reserve_more share that route" in done.stdout
    assert "as in Idempotency-Key: ID:reserve_more" in done.stdout
    change(mine, "{method}-{service}", "reserve_more")
    told = saga_chaos(["doctor", "saga.toml"], mine).stdout
    assert "note     POST /reservations: inventory.reservation.create, action of step reserve_more" in told
