"""Redis behind a plain forwarder loses nothing, and says so; nothing of a server is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.history import FaultFired
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.worlds.wire import WireWorld
from harness.worlds.wire.world import make_proxy
from tests.planted.messages.scenario import QUICK, on_redis
from tests.planted.messages.shop import Shop
from tests.wire.brokered import alive
from tests.wire.redis import REQUIRED
from tests.wire.test_rabbitmq_forwarded import Ignoring

pytestmark = [
    pytest.mark.wire,
    pytest.mark.redis,
    pytest.mark.skipif(REQUIRED not in os.environ, reason="NO TEST OF REDIS WAS RUN: nox -s redis runs them"),
]


def struck_behind_a_forwarder(kind: str, at: str) -> Run:
    plan = FaultPlan((Fault(kind=kind, operation=f"events.StockReserved.{at}"),))
    with WireWorld("embedded", make_proxy=lambda *told: Ignoring(make_proxy(*told))) as world:
        return run_once(on_redis(Shop().scenario(promise=QUICK)), {}, plan, world)


def test_a_plain_forwarder_loses_no_acknowledgement() -> None:
    run = struck_behind_a_forwarder("lose_ack", "deliver")
    assert run.history.of(FaultFired) == ()
    assert [(one.kind, one.reason) for one in run.history.unconfirmed()] == [
        ("lose_ack", "the acknowledgement came through")
    ]


@pytest.mark.parametrize("kind", ["lose_reply", "reset_after", "cut_reply"])
def test_a_plain_forwarder_loses_no_reply_to_a_publish(kind: str) -> None:
    """In a process of its own, which ends as the run does: that breaks off what handlers are at."""
    code = (
        f"from tests.wire import test_redis_forwarded as t; t.struck_behind_a_forwarder({kind!r}, 'publish')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 1
    assert "ProxyIdle: proxy of 'events': found reply 201 with the caller, expected toxic" in run.stderr


def test_nothing_of_a_server_is_left_whoever_ends_its_world() -> None:
    """Killed like a worker that hangs: its Redis and its folder are gone with it."""
    code = (
        "import time\n"
        "from harness.redis.server import OwnRedis\n"
        "server = OwnRedis(lambda _: None).__enter__()\n"
        "print(server.pid, server._folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as world:
        assert world.stdout is not None
        pid, folder = world.stdout.readline().split()
        assert alive(pid)
        world.kill()
    deadline_s = time.monotonic() + 10
    while time.monotonic() < deadline_s and (Path(folder).exists() or alive(pid)):
        time.sleep(0.05)
    assert (Path(folder).exists(), alive(pid)) == (False, False)
