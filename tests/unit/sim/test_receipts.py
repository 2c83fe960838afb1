"""In sim, too, a fault has fired once its caller saw it: one that had left by then saw nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest

from harness.adapter import SagaContext
from harness.history import FaultFired, History
from harness.plan import Fault
from harness.saga import Claim
from tests.sound.test_rules import CREATE, run, scenario

SEEN = ("error_before", "error_after", "reject", "throttle", "garbage", "lose_request", "lose_reply")
BROKEN = ("reset_before", "reset_after", "cut_reply", "refuse")
TOO_SHORT_S = 0.0015
"""A request takes a millisecond, and its reply another."""


def waits(timeout_s: float) -> Callable[..., object]:
    async def saga(ctx: SagaContext, input_: object) -> object:
        with suppress(httpx.TransportError):
            await ctx.client.post(  # type: ignore[misc]
                f"{ctx.urls['shop']}/holds", json={"saga_id": ctx.saga_id}, timeout=timeout_s
            )
        return {"status": "stuck"}

    return saga


def struck(kind: str, timeout_s: float, variant: str = "") -> History:
    of = scenario(waits(timeout_s), claims=frozenset(Claim))
    return run(of, Fault(kind=kind, operation=CREATE, variant=variant)).history


def receipts(history: History) -> list[tuple[int | None, str]]:
    return [(one.fault, one.kind) for one in history.events if isinstance(one, FaultFired)]


@pytest.mark.parametrize("kind", [*SEEN, *BROKEN])
def test_who_waits_sees_it(kind: str) -> None:
    assert receipts(struck(kind, 0.5)) == [(0, kind)]


@pytest.mark.parametrize("kind", [*SEEN, *(one for one in BROKEN if one != "refuse")])
def test_who_left_before_saw_nothing(kind: str) -> None:
    history = struck(kind, TOO_SHORT_S)
    assert history.fired() == frozenset()


def test_a_duplicate_is_confirmed_by_the_ledger_whoever_waits() -> None:
    assert receipts(struck("duplicate", TOO_SHORT_S, "at_once")) == [(0, "duplicate")]


def test_a_late_request_is_late_whoever_waits() -> None:
    assert receipts(struck("late", TOO_SHORT_S, "settling")) == [(0, "late")]


def test_a_fault_of_a_process_that_can_strike_nobody_leaves_no_receipt() -> None:
    """An executor is cancelled once: the second cancel is spared, and its call is like any other."""

    async def saga(ctx: SagaContext, input_: object) -> object:
        for _ in range(2):
            with suppress(BaseException):
                await ctx.client.post(  # type: ignore[misc]
                    f"{ctx.urls['shop']}/holds", json={"saga_id": ctx.saga_id}, timeout=0.5
                )
        return {"status": "stuck"}

    cancels = [Fault(kind="cancel", operation=CREATE, nth=nth, variant="on_arrival") for nth in (1, 2)]
    history = run(scenario(saga, claims=frozenset(Claim)), *cancels).history
    assert receipts(history) == [(0, "cancel")]


@pytest.mark.parametrize("kind", ["lose_request", "lose_reply", "late"])
def test_who_waits_in_vain_until_settling_saw_it(kind: str) -> None:
    async def answers_first(ctx: SagaContext, input_: object) -> object:
        async def later() -> None:
            with suppress(httpx.TransportError):
                await ctx.client.post(f"{ctx.urls['shop']}/holds", json={"saga_id": ctx.saga_id})  # type: ignore[misc]

        tasks.append(asyncio.ensure_future(later()))
        await asyncio.sleep(0)
        return {"status": "stuck"}

    tasks: list[asyncio.Task[None]] = []
    of = scenario(answers_first, claims=frozenset(Claim))
    variant = "settling" if kind == "late" else ""
    history = run(of, Fault(kind=kind, operation=CREATE, variant=variant)).history
    assert receipts(history) == [(0, kind)]
