"""Sagas that look before they act, and do not see each other: planted beside twins that look again.

Too many records, too many in a state (write skew), stock that goes below zero, a record that is undone after
another saga relied on it. Guided search of two sagas finds the broken one with exactly the plan given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.participant import ResourceSpec, RestParticipant, Route, Verb, routes
from harness.participant.balance import BalanceKind, Does, Posting
from harness.participant.resource import kind_resource
from harness.participant.state import StateKind, Transition
from harness.plan import Fault, FaultPlan
from harness.saga import Json, SagaSpec, Step, StepKind
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.planted.test_overlap import check_found, check_passes, held

PUT = (Route(method="PUT", path="/seats/{id}"),)
SEAT = kind_resource(
    "seat",
    StateKind(
        states=("free", "booked"),
        moves=(
            Transition(name="book", routes=PUT, sources=("free",), target="booked"),
            Transition(name="free", routes=PUT, sources=("booked",), target="free", undoes=("book",)),
        ),
        at_most={"booked": 1},
    ),
    get=(Route(method="GET", path="/seats/{id}"),),
)
LAMP = kind_resource(
    "lamp",
    BalanceKind(
        moves=(
            Posting(name="take", routes=(Route(method="POST", path="/lamps/{id}/taken"),), does=Does.DEBIT),
            Posting(
                name="put",
                routes=(Route(method="POST", path="/lamps/{id}/put"),),
                does=Does.CREDIT,
                undoes=("take",),
            ),
        ),
        opening=1,
        below_zero=True,
    ),
    get=(Route(method="GET", path="/lamps/{id}"),),
)


TARIFF = kind_resource(
    "tariff",
    StateKind(
        states=("low", "high"),
        moves=(
            Transition(
                name="raise",
                routes=(Route(method="PUT", path="/tariffs/{id}"),),
                sources=("low",),
                target="high",
            ),
        ),
    ),
    get=(Route(method="GET", path="/tariffs/{id}"),),
)
ACCOUNT = kind_resource(
    "account",
    BalanceKind(
        moves=tuple(
            Posting(
                name=name,
                routes=(Route(method="POST", path=f"/accounts/{{id}}/{name}s"),),
                does=does,
                undoes=undoes,
            )
            for name, does, undoes in (
                ("debit", Does.DEBIT, ()),
                ("refund", Does.CREDIT, ("debit",)),
                ("credit", Does.CREDIT, ()),
            )
        ),
        opening={"ann": 100, "ben": 0},
        conserved=True,
    ),
    get=(Route(method="GET", path="/accounts/{id}"),),
)


def record(name: str, at_most: int | None = None) -> ResourceSpec:
    path = f"/{name}s"
    every = routes(
        name,
        create=f"POST {path}",
        delete_by_saga=f"DELETE {path}",
        find=f"GET {path}",
        get=f"GET {path}/{{id}}",
    )
    return ResourceSpec(name=name, routes=every, at_most=at_most)


class Caller:
    """The calls of one saga, each sent once."""

    async def everybodys(self, path: str) -> httpx.Response:
        assert isinstance(self.ctx.client, httpx.AsyncClient)
        return await self.ctx.client.get(f"{self.ctx.urls['shop']}{path}")

    async def ask(self, method: str, path: str, **fields: Json) -> httpx.Response:
        assert isinstance(self.ctx.client, httpx.AsyncClient)
        name, body = {"saga_id": self.ctx.saga_id}, method in ("POST", "PUT")
        return await self.ctx.client.request(
            method,
            f"{self.ctx.urls['shop']}{path}",
            params=None if body else name,
            json={**name, **fields} if body else None,
            headers={"Idempotency-Key": f"{self.ctx.saga_id}:{method}{path}{fields}"} if body else {},
        )

    async def does(self, method: str, path: str, **fields: Json) -> bool:
        return (await self.ask(method, path, **fields)).is_success

    def __init__(self, ctx: SagaContext, input_: Json) -> None:
        self.ctx = ctx
        assert isinstance(input_, Mapping)
        self.given = input_


REFUSED: Json = {"status": "compensated", "detail": {"error": "too many"}}
DONE: Json = {"status": "completed"}
Saga = Callable[[SagaContext, Json], Awaitable[Json]]


def looks(
    count: Callable[[Caller], Awaitable[bool]],
    act: Callable[[Caller], Awaitable[bool]],
    undo: Callable[[Caller], Awaitable[bool]],
    *,
    again: bool,
) -> Saga:
    """Acts where there is room. again: looks once more, and takes it back where there is none."""

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        caller = Caller(ctx, input_)
        if not await count(caller) or not await act(caller):
            return REFUSED
        if again and not await count(caller):
            await undo(caller)
            return REFUSED
        return DONE

    return saga


def parcels(*, again: bool) -> Saga:
    async def room(caller: Caller) -> bool:
        everybodys = (await caller.everybodys("/parcels")).json()["items"]
        own = (await caller.ask("GET", "/parcels")).json()["items"]
        return len(everybodys) - len(own) < 1

    return looks(
        room,
        lambda caller: caller.does("POST", "/parcels"),
        lambda caller: caller.does("DELETE", "/parcels"),
        again=again,
    )


def seats(*, again: bool) -> Saga:
    def mine(caller: Caller) -> str:
        return f"/seats/{caller.given['mine']}"

    async def room(caller: Caller) -> bool:
        other = await caller.ask("GET", f"/seats/{caller.given['other']}")
        return bool(other.json()["state"] == "free")

    return looks(
        room,
        lambda caller: caller.does("PUT", mine(caller), state="booked"),
        lambda caller: caller.does("PUT", mine(caller), state="free"),
        again=again,
    )


def lamps(*, again: bool) -> Saga:
    taken: set[str] = set()

    async def room(caller: Caller) -> bool:
        left = (await caller.ask("GET", "/lamps/7")).json()["available"]
        return bool(left >= (0 if caller.ctx.saga_id in taken else 1))

    async def take(caller: Caller) -> bool:
        taken.add(caller.ctx.saga_id)
        return await caller.does("POST", "/lamps/7/taken", quantity=1, amount=1)

    return looks(room, take, lambda caller: caller.does("POST", "/lamps/7/put", amount=1), again=again)


def notes(*, again: bool) -> Saga:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        """Makes the note, unless there is one. again: looks whether it is still there in the end."""
        caller = Caller(ctx, input_)
        there = await caller.does("GET", "/notes/note-1")
        if not there and not await caller.does("POST", "/notes"):
            return REFUSED
        if await caller.does("POST", "/parcels") and (
            not (there and again) or await caller.does("GET", "/notes/note-1")
        ):
            return DONE
        await caller.does("DELETE", "/parcels")
        if not there:
            await caller.does("DELETE", "/notes")
        return REFUSED

    return saga


def tariffs(*, again: bool) -> Saga:
    async def saga(ctx: SagaContext, input_: Json) -> Json:
        """Sends a parcel and a note by the tariff, which another one raises. again: takes back the parcel."""
        caller = Caller(ctx, input_)
        if caller.given["does"] == "raise":
            return DONE if await caller.does("PUT", "/tariffs/1", state="high") else REFUSED
        before = (await caller.ask("GET", "/tariffs/1")).json()["state"]
        await caller.does("POST", "/parcels", tariff=before)
        now = (await caller.ask("GET", "/tariffs/1")).json()["state"]
        if again and now != before:
            await caller.does("DELETE", "/parcels")
            return REFUSED
        await caller.does("POST", "/notes", tariff=now)
        return DONE

    return saga


def transfers(*, again: bool) -> Saga:
    current: dict[str, Json] = {}

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        """Debits an amount and credits what a variable of all sagas says. again: what it was itself given."""
        caller = Caller(ctx, input_)
        current["cents"] = caller.given["cents"]
        if not await caller.does("POST", "/accounts/ann/debits", amount=caller.given["cents"]):
            return REFUSED
        credited = caller.given["cents"] if again else current["cents"]
        if await caller.does("POST", "/accounts/ben/credits", amount=credited):
            return DONE
        await caller.does("POST", "/accounts/ann/refunds", amount=caller.given["cents"])
        return REFUSED

    return saga


@dataclass(frozen=True, kw_only=True)
class Twins:
    """saga: broken, or, where it looks again, sound.

    does, countermeasure: each in words, for docs/several-sagas.md.
    """

    does: str
    countermeasure: str
    saga: Callable[..., Saga]
    step: Step
    resource: ResourceSpec
    says: str
    plan: FaultPlan
    then: tuple[Step, ...] = ()
    inputs: tuple[Json, ...] = ({},)

    def scenario(self, *, again: bool) -> Scenario:
        others = tuple(record(one.name) for one in self.then if one.action.endswith(f".{Verb.CREATE}"))
        return Scenario(
            name=f"{self.resource.name}-{'sound' if again else 'broken'}",
            spec=SagaSpec(name="shop", steps=(self.step, *self.then)),
            participants=(RestParticipant("shop", (self.resource, *others)),),
            saga=CallableSaga(self.saga(again=again), "twin"),
            inputs=self.inputs,
        )


def step(name: str, action: str, undo: str, *, optional: bool = False) -> Step:
    return Step(
        name=name, action=f"shop.{name}.{action}", compensation=f"shop.{name}.{undo}", optional=optional
    )


PARCEL = step("parcel", Verb.CREATE, Verb.DELETE_BY_SAGA)
SENT = tuple(step(name, Verb.CREATE, Verb.DELETE_BY_SAGA, optional=True) for name in ("parcel", "note"))
TO_BUY_AND_TO_RAISE: tuple[Json, ...] = ({"does": "buy"}, {"does": "raise"})
TWO_AMOUNTS: tuple[Json, ...] = ({"cents": 5}, {"cents": 3})
NO_PARCEL = Fault(kind="reject", operation="shop.parcel.create", saga=1)
EACH_OTHER: tuple[Json, ...] = ({"mine": "1", "other": "2"}, {"mine": "2", "other": "1"})
ALL = {
    "oversold records": Twins(
        does="makes a record where there is none yet, and another one does so too",
        countermeasure="reread: looks again, and takes its own back",
        saga=parcels,
        step=PARCEL,
        resource=record("parcel", at_most=1),
        says="oversold: sagas ",
        plan=held("shop.parcel.create"),
    ),
    "write skew": Twins(
        does="books a seat because another one is free, and that is booked meanwhile",
        countermeasure="reread: looks again, and frees its own",
        saga=seats,
        step=step("seat", "book", "free"),
        resource=SEAT,
        says="write skew: sagas ",
        plan=replace(held("shop.seat.book"), other_inputs=(EACH_OTHER[1],)),
        inputs=EACH_OTHER,
    ),
    "oversold stock": Twins(
        does="takes the last lamp that it saw, and so does another one",
        countermeasure="reread: looks again, and puts it back",
        saga=lamps,
        step=step("lamp", "take", "put"),
        resource=LAMP,
        says="oversold stock: saga-",
        plan=held("shop.lamp.take"),
    ),
    "fuzzy read": Twins(
        does="sends by a tariff, and invoices by another that was set meanwhile",
        countermeasure="reread: looks again, and takes back what it sent",
        saga=tariffs,
        step=Step(name="raise", action="shop.tariff.raise", optional=True),
        resource=TARIFF,
        says="fuzzy read: saga ",
        plan=replace(held("shop.parcel.create"), other_inputs=(TO_BUY_AND_TO_RAISE[1],)),
        then=SENT,
        inputs=TO_BUY_AND_TO_RAISE,
    ),
    "a balance that is not conserved": Twins(
        does="debits an amount, and credits what a variable of all sagas says",
        countermeasure="keeps its amount to itself",
        saga=transfers,
        step=step("account", "debit", "refund"),
        resource=ACCOUNT,
        says="a balance that is not conserved: saga-",
        plan=replace(held("shop.account.debit"), other_inputs=(TWO_AMOUNTS[1],)),
        then=(Step(name="credit", action="shop.account.credit", kind=StepKind.PIVOT),),
        inputs=TWO_AMOUNTS,
    ),
    "dirty read of a record": Twins(
        does="relies on a record that its maker takes back",
        countermeasure="reread: looks whether it is there",
        saga=notes,
        step=step("note", Verb.CREATE, Verb.DELETE_BY_SAGA, optional=True),
        resource=record("note"),
        says="dirty read: saga ",
        plan=held("shop.parcel.create", NO_PARCEL),
        then=(PARCEL,),
    ),
}


@pytest.mark.parametrize("name", list(ALL))
def test_the_broken_one_is_found(name: str, sim: SimWorld) -> None:
    twins = ALL[name]
    check_found(twins.scenario(again=False), twins.says, twins.plan, sim)


@pytest.mark.parametrize("name", list(ALL))
def test_the_sound_one_passes(name: str, sim: SimWorld) -> None:
    check_passes(ALL[name].scenario(again=True), sim)
