"""What no single row says: none is missing, and what their twins are made of holds under every claim."""

from __future__ import annotations

import pkgutil

import pytest

from harness.plan import Fault, FaultPlan
from harness.runner import run_once
from harness.saga import Claim
from harness.worlds.sim import SimWorld
from tests.planted import rows
from tests.planted.durable import AsksFirst, Durable
from tests.planted.kit import SHOP, UNKEYED, Plant, search
from tests.planted.sagas import Saga

PLANTED = (16, 26, 27, 33, 35, 37, 38, 39, 40, 41, 42, 43, 46, 49)


def test_every_row_has_its_plant() -> None:
    names = [one.name for one in pkgutil.iter_modules(rows.__path__)]
    numbers = [int(name.split("_")[2]) for name in names if name.startswith("test_row_")]
    assert sorted(numbers) == list(PLANTED)


def plant(kind: type[Saga]) -> Plant:
    return Plant(
        broken=kind,
        sound=kind,
        caught_by="termination",
        smallest=(),
        participants=UNKEYED if kind is AsksFirst else SHOP,
        claims=frozenset(Claim),
    )


@pytest.mark.parametrize("kind", [Durable, AsksFirst])
def test_a_durable_saga_holds_under_every_claim(sim: SimWorld, kind: type[Saga]) -> None:
    searched = search(plant(kind).scenario("sound"), sim, 1)
    assert searched.told == {}
    assert searched.completes


def test_the_successors_of_two_that_raced_share_a_store_though_nobody_lives_meanwhile(sim: SimWorld) -> None:
    """Two stores of one saga would be two truths: there is but one on a node."""
    faults = (
        Fault(kind="race", operation="stock.hold.create"),
        Fault(kind="crash", operation="stock.hold.find", variant="before_send", count=2),
    )
    run = run_once(plant(AsksFirst).scenario("sound"), {}, FaultPlan(faults), sim)
    assert run.history.fired() == {0, 1}
    assert run.violated == ()
