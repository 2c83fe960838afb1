"""Bugs that need a saga to remember what it saw: the participants cannot tell, and only a second fault shows.

After the first fault alone calls and effects are those of other runs. What the saga saw is not.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import ClassVar

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import enabled_faults
from harness.plan import Fault, FaultPlan
from harness.saga import Json
from harness.scenario import Scenario
from harness.search import GuidedSearch, RunSummary, minimise
from harness.search.guided import StopAsked
from harness.worlds.sim import SimWorld
from tests.planted.kit import HOLD, Plant
from tests.planted.sagas import Saga, Task

HOLDS, CHARGES = "stock.hold.create", "bank.charge.create"
REFUSED = Fault(kind="reject", operation=CHARGES)
MOST_RUNS = 600
"""The pairs that begin with trouble and end with a refusal are among so many runs of an input."""


@dataclass(slots=True)
class Remembers(Saga):
    """Notes what went wrong with a call, though a retry or the reply itself made it good."""

    seen: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, method: str, task: Task, path: str, *, key: str | None = None) -> httpx.Response:
        began_s = asyncio.get_running_loop().time()
        try:
            reply = await Saga.send(self, method, task, path, key=key)
        except httpx.TransportError as error:
            self.seen.append((task.name, type(error).__name__))
            raise
        if asyncio.get_running_loop().time() - began_s > (self.timeout_s or 1.0) / 4:
            self.seen.append((task.name, "slow"))
        if reply.status_code >= 400:
            self.seen.append((task.name, str(reply.status_code)))
        elif reply.content.startswith(b"\0"):
            self.seen.append((task.name, "garbage"))
        return reply


class Wary(Remembers):
    """Sound: asks before it undoes what had given trouble."""

    async def undo(self, task: Task) -> bool:
        if any(name == task.name for name, _ in self.seen):
            await self.find(task)
        return await Remembers.undo(self, task)


class BearsAGrudge(Remembers):
    """Does not undo the hold where `trouble` struck it, although it was done in the end."""

    trouble: ClassVar[str] = ""

    def to_undo(self, begun: list[Task]) -> list[Task]:
        borne = (HOLD.name, self.trouble) in self.seen and HOLD.name in self.ids
        return [one for one in Remembers.to_undo(self, begun) if not (borne and one is HOLD)]


def grudge(seen: str) -> type[Saga]:
    return type(f"Grudge_{seen}", (BearsAGrudge,), {"trouble": seen})


def first_violating(one: Scenario, sim: SimWorld, *, most_runs: int = MOST_RUNS) -> RunSummary | None:
    """The first run of a guided search of pairs that violates something, shrunk."""
    executor = LocalJobRunner(one, sim)
    search = GuidedSearch(enabled_faults(one, "sim"), len(one.inputs), 2)
    for run_summary in islice(search.run(executor, StopAsked()), most_runs):
        for invariant in run_summary.violated:
            return minimise(run_summary, invariant, executor)
    return None


TROUBLES = [
    (Fault(kind="garbage", operation=HOLDS), "garbage"),
    (Fault(kind="cut_reply", operation=HOLDS), "RemoteProtocolError"),
    (Fault(kind="reset_before", operation=HOLDS), "ReadError"),
    (Fault(kind="error_before", operation=HOLDS), "500"),
    (Fault(kind="throttle", operation=HOLDS, variant="429"), "429"),
    (Fault(kind="throttle", operation=HOLDS, variant="503"), "503"),
    (Fault(kind="slow", operation=HOLDS, variant="50%"), "slow"),
    (Fault(kind="refuse", operation=HOLDS), "ConnectError"),
]


@pytest.mark.parametrize(("first", "seen"), TROUBLES, ids=[seen for _, seen in TROUBLES])
def test_trouble_that_was_over(sim: SimWorld, first: Fault, seen: str) -> None:
    found = first_violating(Plant(broken=grudge(seen), caught_by="", smallest=()).broken_scenario(), sim)
    assert found is not None
    assert found.plan == FaultPlan((first, REFUSED))
    assert {"no_orphaned_resources", "complete_compensation"} <= set(found.violated)


def test_who_bears_none_stands(sim: SimWorld) -> None:
    assert first_violating(Plant(broken=Wary, caught_by="", smallest=()).broken_scenario(), sim) is None


# What a saga was given ---------------------------------------------------------------------------


def of_an_input(*, careless: bool) -> Scenario:
    """An express order runs like any other, until a reply to the hold is lost and the charge refused."""
    plant = Plant(broken=grudge("ReadTimeout"), sound=Wary, caught_by="", smallest=())

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        kind = plant.broken if careless and input_ == {"express": True} else plant.sound
        return await kind(ctx, plant.tasks).run()

    return replace(
        plant.scenario("sound"),
        saga=CallableSaga(saga, "express"),
        inputs=({"express": False}, {"express": True}),
    )


def test_an_input_whose_runs_look_like_another_s_is_searched_on_its_own(sim: SimWorld) -> None:
    found = first_violating(of_an_input(careless=True), sim, most_runs=2 * MOST_RUNS)
    assert found is not None
    assert (found.input_index, len(found.plan.faults)) == (1, 2)
    assert found.plan.faults[1] == REFUSED


def test_where_no_input_is_treated_worse_all_stand(sim: SimWorld) -> None:
    assert first_violating(of_an_input(careless=False), sim, most_runs=2 * MOST_RUNS) is None
