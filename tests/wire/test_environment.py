"""What the machine can do to a wire world, and what the world leaves behind on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.errors import EnvironmentFault, UsageError
from harness.plan import FaultPlan
from harness.process_faults import ProcessFault
from harness.saga import SagaStart
from harness.toxiproxy.client import ProxyClient
from harness.toxiproxy.errors import ProxyDied, ProxyRefused
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from harness.worlds.wire.participant_proxy import ProxyLike
from harness.worlds.wire.ports import free_ports
from harness.worlds.wire.world import make_proxy
from tests.wire.orders import order, plan, probe, probed, scenario

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]


def _children() -> list[int]:
    me = os.getpid()
    return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text().split()]


def _tags() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate())


@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize("faults", [FaultPlan(), plan("lose_reply", nth=40)])
def test_a_proxy_server_that_dies_ends_the_run(asynchronous: bool, faults: FaultPlan) -> None:
    before = set(_children())

    def kill() -> None:
        for pid in set(_children()) - before:
            os.kill(pid, signal.SIGKILL)

    async def saga(ctx: Any, input_: object) -> None:
        for attempt in range(10_000):
            if attempt == 2:
                kill()
            with contextlib.suppress(httpx.TransportError):
                await ctx.client.post(**order(ctx, "charge"))
            await asyncio.sleep(0.001)

    def plain(ctx: Any, input_: object) -> None:
        for attempt in range(10_000):
            if attempt == 2:
                kill()
            with contextlib.suppress(httpx.TransportError):
                ctx.client.post(**order(ctx, "charge"))
            time.sleep(0.001)

    began_s = time.monotonic()
    with WireWorld("toxiproxy") as world, pytest.raises(ProxyDied, match="expected it to answer"):
        world.run(
            scenario(saga if asynchronous else plain, time_limit_s=10),
            [SagaStart(id="saga-1", input={})],
            faults,
        )
    assert time.monotonic() - began_s < 5
    assert set(_children()) == before


def test_a_port_that_is_taken_is_passed_over() -> None:
    taken = next(free_ports())
    with socket.create_server(("127.0.0.1", taken)):
        assert next(free_ports()) != taken


def test_a_port_that_is_taken_in_the_last_moment_is_tried_again() -> None:
    asked = []

    def unlucky(client: ProxyClient, name: str, upstream: str, listen: str) -> ProxyLike:
        asked.append(listen)
        if len(asked) == 1:
            raise ProxyRefused("create: got 500 listen tcp 127.0.0.1: bind: address already in use")
        return make_proxy(client, name, upstream, listen)

    with WireWorld("embedded", make_proxy=unlucky) as world:
        assert len(probed(world.run(scenario(probe), [SagaStart(id="saga-1", input={})], FaultPlan()))) == 2
    assert len(asked) == 3


def test_a_toxic_left_armed_is_an_environment_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def forgetful(client: ProxyClient, name: str, upstream: str, listen: str) -> ProxyLike:
        made.append(make_proxy(client, name, upstream, listen))
        monkeypatch.setattr(made[-1], "remove_toxic", lambda name: None)
        return made[-1]

    with (
        WireWorld("embedded", make_proxy=forgetful) as world,
        pytest.raises(EnvironmentFault, match=r"found toxics \['reset_peer'\] still armed after a run"),
    ):
        world.run(scenario(probe), [SagaStart(id="saga-1", input={})], plan("reset_before"))


def test_nothing_is_left_behind() -> None:
    threads, children, environment = _tags(), _children(), dict(os.environ)
    with WireWorld("embedded") as world:
        history = world.run(scenario(probe), [SagaStart(id="saga-1", input={})], plan("reset_before"))
        ports = [
            int(participant_server.proxy.listen.rpartition(":")[2])
            for participant_server in world._httpx_wrapper.participant_servers.values()
        ]
        assert probed(history)
    assert (_tags(), _children(), dict(os.environ)) == (threads, children, environment)
    for port in ports:
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pass


def test_httpx_is_itself_again_afterwards() -> None:
    before = (httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request)
    with WireWorld("embedded"):
        assert httpx.HTTPTransport.handle_request is not before[0]
    assert (httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request) == before


@pytest.mark.parametrize("second", [lambda: WireWorld("embedded"), SimWorld])
@pytest.mark.parametrize("first", [lambda: WireWorld("embedded"), SimWorld])
def test_one_world_at_a_time(
    first: Callable[[], SimWorld | WireWorld], second: Callable[[], SimWorld | WireWorld]
) -> None:
    with first(), pytest.raises(UsageError, match="expected one at a time"), second():
        pass
    with second() as world:
        assert world.name in ("sim", "wire")


def test_a_saga_of_an_unknown_shape(real_world: WireWorld) -> None:
    class Command:
        name = "node saga.js"
        worlds = ("wire",)
        alone = None

        def unfit(self, process_fault: ProcessFault) -> str | None:
            raise NotImplementedError

    with pytest.raises(UsageError, match=r"found 'Command', expected one of CallableSaga, SubprocessSaga"):
        real_world.run(
            replace(scenario(probe), saga=Command()), [SagaStart(id="saga-1", input={})], FaultPlan()
        )


def test_a_run_needs_the_thread_for_itself(real_world: WireWorld) -> None:
    async def within() -> None:
        real_world.run(scenario(probe), [SagaStart(id="saga-1", input={})], FaultPlan())

    with pytest.raises(UsageError, match="found a running event loop on this thread"):
        asyncio.run(within())
