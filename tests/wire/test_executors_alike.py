"""The same process faults in both worlds: what the lifecycle decided, the histories tell alike.

The saga runs in a host of its own on the wire. It remembers nothing and repeats its calls, which are
idempotent, and whoever starts later waits longer: so one call follows the other in either world.
Two that race may swap their numbers on the wire: the first of them to call is the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from harness.history import (
    CallSent,
    Event,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    History,
)
from harness.loader import load_scenario
from harness.plan import Fault, FaultPlan
from harness.process_faults import ProcessFault
from harness.saga import SagaStart
from harness.worlds import World
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.two_steps import TWO_STEPS
from tests.wire.orders import CHARGE
from tests.wire.sagas import RESERVE

pytestmark = [
    # One worker runs all of them once: two at a time, on two cores, are late for time-outs of 0.4 s.
    pytest.mark.xdist_group("executors alike"),
    pytest.mark.wire,
    pytest.mark.toxiproxy,
]

UNDO = "inventory.reservation.delete_by_saga"
SAGA = """
import asyncio, httpx


async def call(ctx, method, what, service):
    for attempt in range(4):
        try:
            return await ctx.client.request(
                method, f"{ctx.urls[service]}/{what}s", params={"saga_id": ctx.saga_id},
                json={"saga_id": ctx.saga_id} if method == "POST" else None,
                headers={"Idempotency-Key": f"{ctx.saga_id}:{method}:{what}"}, timeout=0.4,
            )
        except httpx.TransportError:
            pass


def place(ctx):
    number = 0
    while True:
        try:
            (ctx.store_dir / str(number)).touch(exist_ok=False)
            return number
        except FileExistsError:
            number += 1


async def saga(ctx, input):
    await asyncio.sleep(0.15 * place(ctx))
    try:
        await call(ctx, "POST", "reservation", "inventory")
        await call(ctx, "POST", "charge", "payments")
    except asyncio.CancelledError:
        await call(ctx, "DELETE", "reservation", "inventory")
        raise
    return {"status": "completed"}
"""
FILE = (
    """
format_version = 1
name = "alike"
[saga]
adapter = "callable"
target = "alike.py:saga"
inputs = [{}]
claims = ["lost_reply", "process_death", "other_node", "retry_elsewhere", "duplicate_start", "cancel"]
time_limit_s = 60
patience_s = 50
"""
    + TWO_STEPS
)


def fault(kind: str, variant: str = "", operation: str = RESERVE, nth: int = 1) -> Fault:
    return Fault(kind=kind, variant=variant, operation=operation, nth=nth)


FAULTS = (
    ("crash", "applied"),
    ("move", ""),
    ("race", ""),
    ("pause", "on_arrival"),
    ("start_twice", "at_once"),
    ("cancel", "applied"),
)
NEVER = fault("crash", "applied", nth=99)
"""Reached by no call: that it is planned makes the wire run the saga in a host."""

SEVERAL = ("race", "pause", "start_twice")
"""They leave several executors alive: a second process fault has a choice of whom to strike."""

PAIRS = {
    f"{first[0]}, then {second[0]}": (fault(*first), fault(*second, CHARGE))
    for first, second in product(FAULTS, FAULTS)
    if first[0] in SEVERAL
}
LISTED = {
    "nothing": (NEVER,),
    "crash as it pauses its standby": (
        fault("pause", "on_arrival"),
        fault("pause", "on_arrival", RESERVE, 2),
        fault("crash", "applied", CHARGE),
    ),
    "race in place of a frozen one, one of them crashes": (
        fault("pause", "applied"),
        fault("race", "", RESERVE, 2),
        fault("crash", "applied", RESERVE, 3),
    ),
    "move twice, then crash": (
        fault("move"),
        fault("move", "", RESERVE, 2),
        fault("crash", "on_arrival", CHARGE),
    ),
    "started twice, the second one crashes": (
        fault("start_twice", "at_once"),
        fault("crash", "applied", RESERVE, 2),
    ),
    "started twice after the end, then crash": (
        fault("start_twice", "after_end", CHARGE),
        fault("crash", "applied", CHARGE, 2),
    ),
    "cancel twice": (fault("cancel", "applied"), fault("cancel", "applied", UNDO), NEVER),
    "cancel twice, in this process": (fault("cancel", "applied"), fault("cancel", "applied", UNDO)),
    "crash as it ends": (fault("crash", "answered", CHARGE),),
    "pause as it ends": (fault("pause", "answered", CHARGE),),
    "pause as it ends, then crash": (
        fault("pause", "answered", CHARGE),
        fault("crash", "applied", CHARGE, 2),
    ),
}
SEQUENCES = {**LISTED, **PAIRS}


@dataclass(frozen=True)
class Seen:
    """Of one run. woken: who, and which of those that were resumed had ended by then."""

    began: tuple[tuple[int, bool, int], ...]
    struck: tuple[tuple[int, str, str], ...]
    woken: tuple[tuple[int, tuple[int, ...]], ...]
    ended: tuple[tuple[int, str | None, bool, str | None], ...]
    fired: tuple[int, ...]


def seen(history: History) -> Seen:
    events = history.events
    began = [event for event in events if isinstance(event, ExecutorBegan)]
    name = _names(events)
    resumed = {one.executor for one in began if one.resumed}
    return Seen(
        began=tuple(sorted((name[one.executor], one.resumed, one.node) for one in began)),
        struck=tuple(
            (name[event.executor], str(event.process_fault), str(event.boundary))
            for event in events
            if isinstance(event, ExecutorStruck)
        ),
        woken=tuple(
            (
                name[event.executor],
                tuple(sorted(name[one.executor] for one in _ends(events[:at]) if one.executor in resumed)),
            )
            for at, event in enumerate(events)
            if isinstance(event, ExecutorWoken)
        ),
        ended=tuple(
            sorted(
                (
                    (name[one.executor], one.status and str(one.status), one.cancelled, one.problem)
                    for one in _ends(events)
                ),
                key=repr,
            )
        ),
        fired=tuple(sorted(history.fired())),
    )


def _names(events: Sequence[Event]) -> dict[int, int]:
    """Their numbers; of two that race, the first to call is the first."""
    senders = [event.executor for event in events if isinstance(event, CallSent)]
    names = {event.executor: event.executor for event in events if isinstance(event, ExecutorBegan)}
    for at, event in enumerate(events):
        if isinstance(event, ExecutorStruck) and event.process_fault is ProcessFault.RACE:
            later = [one for one in events[at:] if isinstance(one, ExecutorBegan) and one.resumed]
            first, second = (one.executor for one in later[:2])
            if second in senders and (first not in senders or senders.index(second) < senders.index(first)):
                names[first], names[second] = second, first
    return names


def _ends(events: Sequence[Event]) -> list[ExecutorEnded]:
    return [event for event in events if isinstance(event, ExecutorEnded)]


@cache
def of_world(world: str) -> Mapping[str, Seen]:
    """One world after the other: sim lets nothing through to a socket."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "alike.py").write_text(SAGA)
        (Path(folder) / "saga.toml").write_text(FILE)
        scenario = load_scenario(str(Path(folder) / "saga.toml"), registered=None)
        entered: World
        with SimWorld() if world == "sim" else WireWorld(progress=print) as entered:
            return {
                name: seen(
                    entered.run(scenario, [SagaStart(id=f"alike-{number}", input={})], FaultPlan(faults))
                )
                for number, (name, faults) in enumerate(SEQUENCES.items())
            }


@pytest.mark.parametrize("name", SEQUENCES)
def test_executors_fare_alike_in_both_worlds(name: str) -> None:
    assert of_world("wire")[name] == of_world("sim")[name]
