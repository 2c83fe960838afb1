"""RabbitMQ behind a plain forwarder loses no acknowledgement, and says so; nothing of a broker is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.history import FaultFired
from harness.plan import Fault, FaultPlan
from harness.runner import run_once
from harness.worlds.wire import WireWorld
from harness.worlds.wire.world import make_proxy
from tests.planted.messages.scenario import QUICK, on_rabbitmq
from tests.planted.messages.shop import Shop
from tests.wire.brokered import alive
from tests.wire.rabbitmq import REQUIRED
from tests.wire.test_messages_forwarded import Forwarder

pytestmark = [
    pytest.mark.wire,
    pytest.mark.rabbitmq,
    pytest.mark.skipif(
        REQUIRED not in os.environ, reason="NO TEST OF RABBITMQ WAS RUN: nox -s rabbitmq runs them"
    ),
]


class Ignoring(Forwarder):
    """Knows no toxic that could be removed."""

    def remove_toxic(self, name: str) -> None:
        del name


def test_a_plain_forwarder_loses_none() -> None:
    plan = FaultPlan((Fault(kind="lose_ack", operation="events.StockReserved.deliver"),))
    with WireWorld("embedded", make_proxy=lambda *told: Ignoring(make_proxy(*told))) as world:
        run = run_once(on_rabbitmq(Shop().scenario(promise=QUICK)), {}, plan, world)
    assert run.history.of(FaultFired) == ()
    assert [(one.kind, one.reason) for one in run.history.unconfirmed()] == [
        ("lose_ack", "the acknowledgement came through")
    ]


def test_nothing_of_a_broker_is_left_whoever_ends_its_world() -> None:
    """Killed like a worker that hangs: its broker, its epmd and its folder are gone with it."""
    code = (
        "import sys, time\n"
        "from harness.rabbitmq.server import OwnRabbit\n"
        "server = OwnRabbit(lambda _: None).__enter__()\n"
        "print(server.pid, server._epmd.pid, server._folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as world:
        assert world.stdout is not None
        beam, epmd, folder = world.stdout.readline().split()
        assert psutil.pid_exists(int(beam))
        world.kill()
    deadline_s = time.monotonic() + 10
    while time.monotonic() < deadline_s and (Path(folder).exists() or alive(beam) or alive(epmd)):
        time.sleep(0.05)
    assert (Path(folder).exists(), alive(beam), alive(epmd)) == (False, False, False)
