"""A slow reply comes when its variant says, and a reply that comes too late was lost."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from harness.adapter import SagaContext
from harness.history import CallAnswered, CallFailed, CallSent, EffectApplied, FaultFired, History
from harness.plan import Fault
from harness.saga import Claim
from tests.sound.test_rules import CREATE, run, scenario


def waits(timeout_s: float | None) -> Callable[..., object]:
    async def saga(ctx: SagaContext, input_: object) -> object:
        try:
            await ctx.client.post(  # type: ignore[misc]
                f"{ctx.urls['shop']}/holds", json={"saga_id": ctx.saga_id}, timeout=timeout_s
            )
        except httpx.ReadTimeout:
            return {"status": "stuck"}
        return {"status": "completed"}

    return saga


def slowed(
    variant: str, timeout_s: float | None, *, claims: frozenset[Claim] = frozenset({Claim.LOST_REPLY})
) -> History:
    fault = Fault(kind="slow", operation=CREATE, variant=variant)
    return run(scenario(waits(timeout_s), claims=claims), fault).history


def answered_after_s(history: History) -> float:
    (sent,) = [event.t_s for event in history.events if isinstance(event, CallSent)]
    (came,) = [event.t_s for event in history.events if isinstance(event, CallAnswered)]
    return round(came - sent, 6)


@pytest.mark.parametrize(
    ("variant", "timeout_s", "after_s"),
    [
        ("", 0.2, 0.1),
        ("latency", 0.2, 0.1),
        ("10%", 0.2, 0.02),
        ("60%", 0.2, 0.12),
        ("95%", 0.01, 0.0095),  # still inside, however short the time-out is
        ("1%", 0.01, 0.002),  # there and back takes that long
        ("70ms", 0.2, 0.07),
        ("slicer", 0.2, 0.1),  # a variant of the wire
        ("50%", None, 1.0),
    ],
)
def test_a_slow_reply_comes_when_its_variant_says(
    variant: str, timeout_s: float | None, after_s: float
) -> None:
    history = slowed(variant, timeout_s)
    assert answered_after_s(history) == after_s
    assert [event.kind for event in history.events if isinstance(event, FaultFired)] == ["slow"]


@pytest.mark.parametrize("variant", ["100%", "101%", "300%", "200ms"])
def test_a_reply_that_comes_once_its_caller_has_left_was_lost(variant: str) -> None:
    history = slowed(variant, 0.2)
    (fired,) = [event for event in history.events if isinstance(event, FaultFired)]
    assert (fired.fault, fired.kind) == (0, "lose_reply")
    assert any(isinstance(event, CallFailed) for event in history.events)
    assert any(isinstance(event, EffectApplied) for event in history.events)


def test_where_no_reply_may_be_lost_the_request_is() -> None:
    history = slowed("150%", 0.2, claims=frozenset())
    (fired,) = [event for event in history.events if isinstance(event, FaultFired)]
    assert (fired.fault, fired.kind) == (0, "lose_request")
    assert not any(isinstance(event, EffectApplied) for event in history.events)
