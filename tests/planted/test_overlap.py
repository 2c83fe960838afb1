"""Planted sagas that hold alone and fail beside another one, each with a sound twin.

Guided search of two sagas finds the broken one with exactly the plan given, and passes the twin: a semantic
lock, a version that is sent, memory of one's own, an end to waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.campaign.aggregate import size_of_run
from harness.campaign.local import LocalJobRunner
from harness.faults.enabled import enabled_faults
from harness.participant import ResourceSpec, RestParticipant, Route, Verb
from harness.participant.resource import kind_resource
from harness.participant.state import StateKind, Transition
from harness.plan import Fault, FaultPlan, Preemption
from harness.saga import Json, Overlap, SagaSpec, Step, StepKind
from harness.scenario import Scenario
from harness.search import minimise
from harness.search.guided import StopAsked
from harness.search.interleavings import Interleavings
from harness.search.run_summary import RunSummary
from harness.worlds.sim import SimWorld

PARCEL = ResourceSpec(
    name="parcel",
    routes={
        Verb.CREATE: (Route.parse("POST /parcels", "parcel"),),
        Verb.FIND: (Route.parse("GET /parcels", "parcel"),),
    },
)
PUT, GET = (Route(method="PUT", path="/seats/{id}"),), (Route(method="GET", path="/seats/{id}"),)
MARK, UNMARK, SEND = "hall.seat.mark", "hall.seat.unmark", "post.parcel.create"
LOOK = "hall.seat.get"


def hall(*, lock: bool, leads_on: bool = False) -> RestParticipant:
    """Seats. lock: one that is marked is refused to others. leads_on: a mark is no result yet."""
    moves = [
        Transition(
            name="mark", routes=PUT, sources=("free",) if lock else ("free", "marked"), target="marked"
        ),
        Transition(name="unmark", routes=PUT, sources=("marked",), target="free", undoes=("mark",)),
    ]
    if leads_on:
        sell = (Route(method="POST", path="/seats/{id}/sale"),)
        moves.append(Transition(name="sell", routes=sell, sources=("marked",), target="sold"))
    kind = StateKind(states=("free", "marked", "sold"), moves=tuple(moves), etag=True)
    return RestParticipant("hall", (kind_resource("seat", kind, get=GET),))


def spec(*, optional: bool = False, seats: int = 1) -> SagaSpec:
    marks = [
        Step(name=f"mark{number or ''}", action=MARK, compensation=UNMARK, optional=optional)
        for number in range(seats)
    ]
    sales = [
        Step(name=f"sell{number or ''}", action="hall.seat.sell", kind=StepKind.RETRIABLE)
        for number in range(seats if seats > 1 else 0)
    ]
    send = Step(name="send", action=SEND, kind=StepKind.PIVOT)
    return SagaSpec(name="seat", steps=(*marks, send, *sales))


class Caller:
    """The calls of one saga, each sent once."""

    def __init__(self, ctx: SagaContext, saga_id: str = "") -> None:
        self.ctx = ctx
        self.saga_id = saga_id or ctx.saga_id

    async def look(self, seat: str = "1") -> tuple[str, str]:
        reply = await self._send("GET", "hall", f"/seats/{seat}")
        return reply.json()["state"], reply.headers["etag"]

    async def set(self, state: str, seat: str = "1", tag: str = "*", step: str = "mark") -> int:
        key = step if state == "marked" else f"{step}:undo"
        headers = {"If-Match": tag}
        reply = await self._send("PUT", "hall", f"/seats/{seat}", {"state": state}, key=key, headers=headers)
        return reply.status_code

    async def sell(self, seat: str, step: str) -> None:
        for _ in range(3):
            if (await self._send("POST", "hall", f"/seats/{seat}/sale", {}, key=step)).is_success:
                break
            await asyncio.sleep(1)

    async def send(self) -> bool:
        return (await self._send("POST", "post", "/parcels", {}, key="send")).is_success

    async def _send(
        self,
        method: str,
        at: str,
        path: str,
        body: dict[str, Json] | None = None,
        *,
        key: str = "",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        assert isinstance(self.ctx.client, httpx.AsyncClient)
        query = {"saga_id": self.saga_id} if body is None else None
        return await self.ctx.client.request(
            method,
            f"{self.ctx.urls[at]}{path}",
            params=query,
            json=None if body is None else {"saga_id": self.saga_id, **body},
            headers={"Idempotency-Key": f"{self.saga_id}:{key}", **(headers or {})},
        )

    async def ends(self, *, marked: bool = True) -> Json:
        """The last step; where it is refused, the mark is taken back."""
        if await self.send():
            return {"status": "completed"}
        if marked:
            await self.set("free")
        return {"status": "compensated", "detail": {"error": "no parcel"}}


REFUSED: Json = {"status": "compensated", "detail": {"error": "somebody else has it"}}


async def overwrites(ctx: SagaContext, input_: Json) -> Json:
    """Broken: reads that it is free, and marks it whatever happened since."""
    caller = Caller(ctx)
    state, _ = await caller.look()
    if state != "free" or await caller.set("marked") != 200:
        return REFUSED
    return await caller.ends()


async def sends_version(ctx: SagaContext, input_: Json) -> Json:
    caller = Caller(ctx)
    for _ in range(3):
        state, tag = await caller.look()
        if state != "free":
            return REFUSED
        status = await caller.set("marked", tag=tag)
        if status != 412:
            return await caller.ends() if status == 200 else REFUSED
    return REFUSED


async def overwrites_what_was_changed(ctx: SagaContext, input_: Json) -> Json:
    """Broken: sends the version, is told that it is out of date, and marks it all the same."""
    caller = Caller(ctx)
    state, tag = await caller.look()
    if state != "free":
        return REFUSED
    status = await caller.set("marked", tag=tag)
    if status == 412:
        status = await caller.set("marked")
    return await caller.ends() if status == 200 else REFUSED


one_lock = asyncio.Lock()


async def one_at_a_time(ctx: SagaContext, input_: Json) -> Json:
    """Sound, though it sends no version: a lock in memory keeps the sagas of the process apart."""
    async with one_lock:
        return await overwrites(ctx, input_)


async def marks(ctx: SagaContext, input_: Json) -> Json:
    """Without reading first: sound where the hall refuses what another saga has marked."""
    caller = Caller(ctx)
    return await caller.ends() if await caller.set("marked") == 200 else REFUSED


async def relies(ctx: SagaContext, input_: Json) -> Json:
    """Broken: takes a mark that another saga may still take back for done."""
    caller = Caller(ctx)
    state, tag = await caller.look()
    if state == "marked":
        return await caller.ends(marked=False)
    return await caller.ends() if await caller.set("marked", tag=tag) == 200 else REFUSED


async def respects(ctx: SagaContext, input_: Json) -> Json:
    caller = Caller(ctx)
    state, tag = await caller.look()
    if state != "free" or await caller.set("marked", tag=tag) != 200:
        return REFUSED
    return await caller.ends()


current = {"saga": ""}


async def remembers_in_a_global(ctx: SagaContext, input_: Json) -> Json:
    """Broken: one variable for all sagas of the process."""
    current["saga"] = ctx.saga_id
    first = await Caller(ctx).look()
    del first
    caller = Caller(ctx, current["saga"])
    return await caller.ends(marked=False)


async def remembers_for_itself(ctx: SagaContext, input_: Json) -> Json:
    caller = Caller(ctx)
    await caller.look()
    return await caller.ends(marked=False)


async def takes(caller: Caller, seat: str, step: str, tries: int) -> bool:
    """Marks a seat, once it is free; never one that is sold."""
    for _ in range(tries):
        if await caller.set("marked", seat, step=step) == 200:
            return True
        if (await caller.look(seat))[0] == "sold":
            return False
        await asyncio.sleep(1)
    return False


def two_seats(tries: int) -> Callable[[SagaContext, Json], Awaitable[Json]]:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        """Marks two seats, in the order that it is given; waits for one that is taken."""
        caller = Caller(ctx)
        assert isinstance(input_, Mapping)
        order = input_["seats"]
        assert isinstance(order, list)
        if not await takes(caller, order[0], "mark", tries):
            return REFUSED
        if not await takes(caller, order[1], "mark1", tries):
            await caller.set("free", order[0])
            return REFUSED
        if await caller.send():
            await caller.sell(order[0], "sell")
            await caller.sell(order[1], "sell1")
            return {"status": "completed"}
        await caller.set("free", order[1], step="mark1")
        await caller.set("free", order[0])
        return {"status": "compensated", "detail": {"error": "no parcel"}}

    return saga


@dataclass(frozen=True, kw_only=True)
class Twins:
    """broken: found with `plan`, and a message that begins with `says`. sound: at the same kind of hall.

    does, countermeasure: each in words, for docs/several-sagas.md.
    """

    does: str
    countermeasure: str
    broken: Callable[[SagaContext, Json], Awaitable[Json]]
    sound: Callable[[SagaContext, Json], Awaitable[Json]]
    says: str
    plan: FaultPlan
    lock: bool = False
    lock_of_twin: bool = False
    optional: bool = False
    seats: int = 1
    inputs: tuple[Json, ...] = ({},)

    def scenario(self, twin: str) -> Scenario:
        broken = twin == "broken"
        return Scenario(
            name=f"seat-{twin}",
            spec=spec(optional=self.optional, seats=self.seats),
            participants=(
                hall(lock=self.lock if broken else self.lock_of_twin, leads_on=self.seats > 1),
                RestParticipant("post", (PARCEL,)),
            ),
            saga=CallableSaga(self.broken if broken else self.sound, twin),
            inputs=self.inputs,
            time_limit_s=40,
        )


def held(operation: str, *faults: Fault) -> FaultPlan:
    return FaultPlan(faults, (Preemption(saga=1, operation=operation, run=2),), 2)


NO_PARCEL = Fault(kind="reject", operation=SEND, saga=1)
THERE_AND_BACK: tuple[Json, ...] = ({"seats": ["1", "2"]}, {"seats": ["2", "1"]})
ALL = {
    "lost update": Twins(
        does="reads that a seat is free, and marks it whatever happened since",
        countermeasure="version: sends the ETag that it read",
        broken=overwrites,
        sound=sends_version,
        says="lost update: saga ",
        plan=held(MARK),
    ),
    "a version that is ignored": Twins(
        does="is told that its version is out of date, and marks the seat all the same",
        countermeasure="version: reads again where it is out of date",
        broken=overwrites_what_was_changed,
        sound=sends_version,
        says="lost update: saga ",
        plan=held(MARK),
    ),
    "one at a time": Twins(
        does="marks a seat without a version",
        countermeasure="a lock in memory, for sagas of one process",
        broken=overwrites,
        sound=one_at_a_time,
        says="lost update: saga ",
        plan=held(MARK),
    ),
    "undo of another's work": Twins(
        does="frees a seat that another one has marked since",
        countermeasure="semantic lock: a marked seat is refused to others",
        broken=marks,
        sound=marks,
        says="undo of another's work: saga ",
        plan=held(SEND, NO_PARCEL),
        lock_of_twin=True,
    ),
    "dirty read": Twins(
        does="takes a mark for done that its maker takes back",
        countermeasure="semantic lock: a marked seat is not free",
        broken=relies,
        sound=respects,
        says="dirty read: saga ",
        plan=held(SEND, NO_PARCEL),
        lock=True,
        lock_of_twin=True,
        optional=True,
    ),
    "shared memory": Twins(
        does="keeps its id in a variable of all sagas",
        countermeasure="keeps it to itself",
        broken=remembers_in_a_global,
        sound=remembers_for_itself,
        says="shared memory: saga ",
        plan=held(LOOK),
        optional=True,
    ),
    "deadlock": Twins(
        does="holds one seat and waits for another, the other way round than another saga",
        countermeasure="gives up after a while, and frees its own",
        broken=two_seats(10_000),
        sound=two_seats(5),
        says="deadlock: ",
        plan=FaultPlan((), (Preemption(saga=1, operation=MARK, nth=2, run=2),), 2, (THERE_AND_BACK[1],)),
        lock=True,
        lock_of_twin=True,
        seats=2,
        inputs=THERE_AND_BACK,
    ),
}


def searched(scenario: Scenario, world: SimWorld) -> list[RunSummary]:
    search = Interleavings(enabled_faults(scenario, "sim"), scenario, Overlap())
    return list(search.run(LocalJobRunner(scenario, world), StopAsked()))


def check_found(scenario: Scenario, says: str, plan: FaultPlan, sim: SimWorld) -> None:
    """The search finds the anomaly, and its smallest plan is this one."""
    found = [one for one in searched(scenario, sim) if "isolation" in one.violated]
    assert found
    smallest = minimise(min(found, key=size_of_run), "isolation", LocalJobRunner(scenario, sim))
    assert smallest.found["isolation"].message.startswith(says)
    assert smallest.plan == plan
    assert len(smallest.found["isolation"].evidence) >= 2


def check_passes(scenario: Scenario, sim: SimWorld) -> list[RunSummary]:
    """Nothing is violated, though sagas overlapped; the runs."""
    run_summaries = searched(scenario, sim)
    assert {id_ for one in run_summaries for id_ in one.violated} == set()
    assert any("overlap" in one.situations for one in run_summaries)
    return run_summaries


@pytest.mark.parametrize("name", list(ALL))
def test_the_broken_one_is_found(name: str, sim: SimWorld) -> None:
    twins = ALL[name]
    check_found(twins.scenario("broken"), twins.says, twins.plan, sim)


@pytest.mark.parametrize("name", list(ALL))
def test_the_sound_one_passes(name: str, sim: SimWorld) -> None:
    run_summaries = check_passes(ALL[name].scenario("sound"), sim)
    assert max(len(one.preempted) for one in run_summaries) == 2
