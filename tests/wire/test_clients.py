"""Whose calls are seen, and how well: the context's client, own ones, and other libraries."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from harness.errors import ScenarioError
from harness.history import CallAnswered, CallFailed
from harness.invariants import Verdict
from harness.participant import Owner, Request
from harness.plan import FaultPlan
from harness.plan.decision import Symptom
from harness.runner import run_once
from harness.saga import SagaStart
from harness.worlds.wire import WireWorld
from harness.worlds.wire.participant_server import ParticipantServer
from tests.wire.orders import detail, effects_of, order, outcomes, plan, receipts, scenario, sent

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

world = pytest.fixture(name="world")(lambda real_world: real_world)


def test_a_plain_function_with_a_client_of_its_own(world: WireWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        with httpx.Client() as client:
            codes = [client.post(**order(ctx, what)).status_code for what in ("reservation", "charge")]
        return {"status": "completed", "detail": codes}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], plan("error_before"))
    assert outcomes(history)[0].detail == [201, 500]
    assert history.began.visible_attempts


def test_calls_from_threads_of_the_saga(world: WireWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        threads = [threading.Thread(target=lambda: httpx.post(**order(ctx, "charge"))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"status": "completed"}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert [one.executor for one in sent(history)] == [1, 1, 1]


def test_another_library_is_seen_as_it_arrives(world: WireWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        request = urllib.request.Request(
            f"{ctx.urls['payments']}/charges",
            data=b'{"saga_id":"saga-1"}',
            headers={"Idempotency-Key": "saga-1:c"},
        )
        try:
            with urllib.request.urlopen(request, timeout=0.25) as reply:
                came = reply.status
        except OSError as error:
            came = type(error).__name__
        return {"status": "completed", "detail": came}

    plans = {
        FaultPlan(): 201,
        plan("lose_request"): "TimeoutError",
        plan("reset_after"): "ConnectionResetError",
        plan("slow"): 201,
    }
    for faults, came in plans.items():
        history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], faults)
        assert outcomes(history)[0].detail == came
        assert not history.began.visible_attempts
        assert len(sent(history)) == 1
        assert len(receipts(history)) == len(faults.faults)


def test_who_left_before_its_request_was_read_is_not_taken_for_hasty(
    world: WireWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine with too much to do: the servers come to read four attempts when three callers have left."""
    serve, stalls = ParticipantServer._on_request, [0.9]

    def late(self: ParticipantServer, *call: Any) -> None:
        if stalls:
            time.sleep(stalls.pop())
        serve(self, *call)

    def saga(ctx: Any, input_: object) -> object:
        request = urllib.request.Request(
            f"{ctx.urls['payments']}/charges",
            data=b'{"saga_id":"%s"}' % ctx.saga_id.encode(),
            headers={"Idempotency-Key": f"{ctx.saga_id}:charge"},
        )
        for timeout_s in (0.15, 0.15, 0.15, 3.0):
            try:
                with urllib.request.urlopen(request, timeout=timeout_s):
                    break
            except OSError:
                time.sleep(0.1)
        return {"status": "completed"}

    monkeypatch.setattr(ParticipantServer, "_on_request", late)
    run = run_once(scenario(saga), {}, FaultPlan(), world)
    ends = [(call.failed is not None and call.failed.late, call.answered) for call in run.history.calls]
    assert [left for left, _ in ends] == [True, True, True, False]
    assert [answered is not None for _, answered in ends] == [False, False, False, True]
    (judged,) = [one for one in run.judgements if one.invariant == "bounded_retries"]
    assert judged.verdict is Verdict.HELD, judged.message


def test_a_call_that_the_saga_cancels_is_abandoned(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        try:
            async with asyncio.timeout(0.05):
                await ctx.client.post(**order(ctx, "charge"))
        except TimeoutError:
            reply = await ctx.client.post(**order(ctx, "charge"))
        return {"status": "completed", "detail": reply.status_code}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], plan("lose_reply"))
    assert outcomes(history)[0].detail == 201
    assert [call.failed is not None and call.failed.abandoned for call in history.calls] == [True, False]


def test_replies_are_whole_before_the_saga_sees_them(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        async with ctx.client.stream("POST", **order(ctx, "charge")) as reply:
            parts = [part async for part in reply.aiter_raw()]
        assert "x-saga-chaos-call" not in reply.request.headers
        return {"status": "completed", "detail": b"".join(parts).decode()}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert outcomes(history)[0].detail == '{"id":"charge-1"}'
    assert [event.status for event in history.events if isinstance(event, CallAnswered)] == [201]


def test_an_unknown_route_is_a_404_and_recorded(world: WireWorld) -> None:
    async def saga(ctx: Any, input_: object) -> object:
        reply = await ctx.client.get(f"{ctx.urls['payments']}/nothing%20here?a=1")
        return {"status": "completed", "detail": reply.status_code}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert outcomes(history)[0].detail == 404
    assert (sent(history)[0].operation, sent(history)[0].path) == (None, "/nothing here")


def test_the_store_is_gone_after_the_run(world: WireWorld) -> None:
    kept = []

    def saga(ctx: Any, input_: object) -> object:
        (ctx.store_dir / "log").write_text("x")
        kept.append(ctx.store_dir)
        return {"status": "completed"}

    world.run(scenario(saga), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert not kept[0].exists()


def test_who_cannot_be_seen_is_struck_by_collateral(world: WireWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        def charge(n: int) -> str:
            request = urllib.request.Request(
                f"{ctx.urls['payments']}/charges",
                data=b'{"saga_id":"saga-1"}',
                headers={"Idempotency-Key": f"saga-1:{n}"},
            )
            try:
                with urllib.request.urlopen(request, timeout=0.9) as reply:
                    return str(reply.status)
            except (OSError, http.client.HTTPException) as error:
                return type(error).__name__

        with ThreadPoolExecutor() as pool:
            first = pool.submit(charge, 1)
            time.sleep(0.4)  # the first is at the fault injector by then, on a busy machine too
            second = pool.submit(charge, 2)
            return {"status": "completed", "detail": [first.result(), second.result(), charge(3)]}

    history = world.run(scenario(saga), [SagaStart(id="saga-1", input={})], plan("lose_reply"))
    came = detail(history)
    assert came[0] == "TimeoutError"
    assert came[1] in ("RemoteDisconnected", "TimeoutError")
    assert came[2] == "201"
    struck = sorted((one.call, one.fault, one.kind, one.toxic) for one in receipts(history))
    assert struck == [(1, 0, "lose_reply", "timeout"), (2, None, "lose_request", "timeout")]
    assert [effects_of(history, call) for call in (1, 2, 3)] == [["created"], [], ["created"]]


def ask(ctx: Any, input_: object) -> object:
    """By urllib, whose requests nobody sees before they arrive."""
    for what in ("reservation", "charge"):
        asked = order(ctx, what)
        body = f'{{"saga_id":"{ctx.saga_id}"}}'.encode()
        request = urllib.request.Request(asked["url"], data=body, headers=asked["headers"])
        try:
            urllib.request.urlopen(request, timeout=0.3).close()
        except OSError as error:
            return {"status": "stuck", "detail": str(getattr(error, "reason", error))}
    return {"status": "completed"}


def test_who_was_not_known_to_be_unseen_is_reset_and_the_run_is_void(world: WireWorld) -> None:
    history = world.run(
        replace(scenario(ask), name="met-for-the-first-time"),
        [SagaStart(id="saga-1", input={})],
        plan("refuse"),
    )
    assert "closed connection" in detail(history)
    assert [(one.fault, one.kind, one.toxic) for one in receipts(history)] == [
        (None, "reset_before", "reset_peer")
    ]
    [told] = history.unconfirmed()
    assert (told.fault, told.kind, told.toxic, told.void) == (0, "refuse", "disabled", True)
    assert "the client is not seen before it connects" in told.reason
    assert effects_of(history, 2) == []
    [failed] = [one for one in history.events if isinstance(one, CallFailed)]
    assert failed.symptom is Symptom.RESET
    assert not history.began.visible_attempts


def test_it_is_run_again_and_then_meets_nobody(world: WireWorld) -> None:
    done = run_once(replace(scenario(ask), name="met-again"), {}, plan("refuse"), world)
    assert "Connection refused" in detail(done.history)
    assert [(one.fault, one.kind, one.toxic) for one in receipts(done.history)] == [(0, "refuse", "disabled")]
    assert [one.operation for one in sent(done.history)] == ["inventory.reservation.create"]


def test_a_late_call_of_an_earlier_run_is_no_call_of_this_one(world: WireWorld) -> None:
    """An engine that is shared by the runs may still work at one that is over."""

    def saga(ctx: Any, input_: object) -> object:
        came = []
        for named in ("saga-before", ctx.saga_id):
            body = f'{{"saga_id":"{named}"}}'.encode()
            request = urllib.request.Request(
                f"{ctx.urls['payments']}/charges", data=body, headers={"Idempotency-Key": f"{named}:c"}
            )
            try:
                with urllib.request.urlopen(request, timeout=0.5) as reply:
                    came.append(reply.status)
            except (OSError, http.client.HTTPException):
                came.append(None)
        return {"status": "completed", "detail": came}

    world.run(scenario(saga), [SagaStart(id="saga-before", input={})], FaultPlan())
    history = world.run(scenario(saga), [SagaStart(id="saga-now", input={})], plan("error_before"))
    assert [one.saga_id for one in sent(history)] == ["saga-now"]


def test_nor_is_one_that_the_wrapper_sees(world: WireWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        came = []
        for named in ("saga-earlier", ctx.saga_id):
            try:
                reply = httpx.post(**{**order(ctx, "charge"), "json": {"saga_id": named}})
                came.append(str(reply.status_code))
            except httpx.TransportError as error:
                came.append(type(error).__name__)
        return {"status": "completed", "detail": came}

    world.run(scenario(saga), [SagaStart(id="saga-earlier", input={})], FaultPlan())
    history = world.run(scenario(saga), [SagaStart(id="saga-now", input={})], plan("error_before"))
    assert [one.saga_id for one in sent(history)] == ["saga-now"]
    assert outcomes(history)[0].detail == ["RemoteProtocolError", "500"]


def test_whose_a_call_is_may_be_said_by_the_scenario(world: WireWorld) -> None:
    def saga(ctx: Any, input_: object) -> object:
        with suppress(httpx.TransportError):
            httpx.post(**order(ctx, "charge"))
        return {"status": "completed"}

    def whose(participant: str, request: Request, ruled: Owner, /) -> Owner:
        return Owner(saga_id=f"{ruled.saga_id}-{participant}", step=ruled.step)

    history = world.run(replace(scenario(saga), whose=whose), [SagaStart(id="saga-1", input={})], FaultPlan())
    assert [one.saga_id for one in sent(history)] == ["saga-1-payments"]

    def fails(participant: str, request: Request, ruled: Owner, /) -> Owner:
        raise KeyError(participant)

    with pytest.raises(ScenarioError, match=r"whose.., POST /charges at payments: found .KeyError"):
        world.run(replace(scenario(saga), whose=fails), [SagaStart(id="saga-1", input={})], FaultPlan())
