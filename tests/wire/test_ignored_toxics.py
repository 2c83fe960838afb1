"""A proxy that does not do all that it is told: what it was to realise does not count as fired.

For every adapter, and each type of toxic ignored in turn; the proxy's other toxics still work.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.cli.main import main
from harness.plan import FaultPlan
from harness.runner import Run
from harness.scenario import Scenario
from harness.toxiproxy.discovery import URL_VARIABLE
from harness.worlds.wire import WireWorld
from harness.worlds.wire.evidence import ProxyIdle
from tests.two_steps import TWO_STEPS
from tests.wire import ignoring
from tests.wire.orders import order, receipts
from tests.wire.orders import scenario as of_a_callable
from tests.wire.sagas import PROGRAMS, RESERVE, journal, plan, run, service

pytestmark = [pytest.mark.wire, pytest.mark.toxiproxy]

UNDO = "inventory.reservation.delete_by_saga"
REALISED_BY = {
    "timeout": (plan("lose_request"), plan("lose_reply"), plan("late", variant="settling")),
    "reset_peer": (plan("reset_before"), plan("reset_after")),
    "limit_data": (plan("cut_reply"),),
    "latency": (plan("slow", variant="latency"),),
    "bandwidth": (plan("slow", variant="bandwidth"),),
    "slicer": (plan("slow", variant="slicer"),),
    "slow_close": (plan("slow", variant="slow_close"),),
    "enabled": (plan("refuse"), plan("refuse", RESERVE)),
}
CASES = [(toxic, faults) for toxic, several in REALISED_BY.items() for faults in several]


async def asynchronous(ctx: Any, input_: object) -> object:
    for what in ("reservation", "charge"):
        for _ in range(3):
            try:
                await ctx.client.post(**order(ctx, what))
                break
            except httpx.TransportError:
                continue
    return {"status": "completed"}


def plain(ctx: Any, input_: object) -> object:
    with httpx.Client() as client:
        for what in ("reservation", "charge"):
            for _ in range(3):
                try:
                    client.post(**order(ctx, what))
                    break
                except httpx.TransportError:
                    continue
    return {"status": "completed"}


def other_library(ctx: Any, input_: object) -> object:
    """urllib, so that nobody sees its calls before they arrive."""
    for what in ("reservation", "charge"):
        asked = order(ctx, what)
        request = urllib.request.Request(
            asked["url"], data=f'{{"saga_id":"{ctx.saga_id}"}}'.encode(), headers=asked["headers"]
        )
        for _ in range(3):
            try:
                with urllib.request.urlopen(request, timeout=0.25) as reply:
                    reply.read()
                break
            except urllib.error.HTTPError as error:
                error.close()
            except OSError:
                continue
        else:
            return {"status": "stuck"}
    return {"status": "completed"}


ADAPTERS: dict[str, Callable[[], Scenario]] = {
    "async": lambda: of_a_callable(asynchronous),
    "plain": lambda: of_a_callable(plain),
    "urllib": lambda: of_a_callable(other_library),
    "command": journal,
    "service": service,
}


@pytest.fixture(scope="module", params=["nothing", *ignoring.TOXICS, "everything"])
def ignored(request: pytest.FixtureRequest) -> Iterator[tuple[str, WireWorld]]:
    """What the server in Toxiproxy's place ignores; the real one ignores nothing."""
    toxic: str = request.param
    if toxic == "nothing":
        entered: AbstractContextManager[WireWorld] = WireWorld("toxiproxy", progress=print)
    else:
        entered = ignoring.world(*([] if toxic == "everything" else [toxic]))
    with entered as world:
        yield toxic, world


def fired(done: Run) -> list[tuple[str, str | None]]:
    return [(one.kind, one.toxic) for one in receipts(done.history) if one.fault is not None]


def seen(world: WireWorld, scenario: Scenario, faults: FaultPlan) -> Run:
    """That the client of a function is not seen is known once it has run."""
    if scenario.name == other_library.__name__:
        run(world, scenario, FaultPlan())
    return run(world, scenario, faults)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_what_an_ignored_toxic_realises_never_fires(ignored: tuple[str, WireWorld], adapter: str) -> None:
    toxic, world = ignored
    for realised_by, faults in CASES:
        if toxic in ("nothing", "everything", realised_by):
            check = _fires if toxic == "nothing" else _does_not_fire
            check(world, ADAPTERS[adapter](), faults, realised_by)


def _fires(world: WireWorld, scenario: Scenario, faults: FaultPlan, toxic: str) -> None:
    done = seen(world, scenario, faults)
    named = "disabled" if toxic == ignoring.ENABLED else toxic
    assert fired(done) == [(faults.faults[0].kind, named)]
    assert done.history.unconfirmed() == ()


def _does_not_fire(world: WireWorld, scenario: Scenario, faults: FaultPlan, toxic: str) -> None:
    try:
        done = seen(world, scenario, faults)
    except ProxyIdle:
        return
    assert fired(done) == []
    # What is slow may end with the saga, and then it is only known that it was not.
    assert done.history.void or faults.faults[0].kind == "slow"
    assert [one.fault for one in done.history.unconfirmed()] == [0]
    assert not done.violated


TOML = """
format_version = 1
name = "journal"
[saga]
adapter = "subprocess"
command = ["{python}", "-S", "-E", "{programs}/journal.py"]
time_limit_s = 6
patience_s = 3
"""


def test_behind_a_plain_forwarder_a_campaign_ends_with_an_environment_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "saga.toml", tmp_path / "out"
    file.write_text(TOML.format(python=sys.executable, programs=PROGRAMS) + TWO_STEPS)
    with ignoring.server() as url:
        monkeypatch.setenv(URL_VARIABLE, url)
        guided = ["--search", "guided", "--workers", "1", "--world", "wire", "--out", str(out)]
        assert main(["run", str(file), *guided]) == 4
    report = json.loads((out / "report.json").read_text())
    assert report["verdict"] != "pass"
    assert re.search(r"proxy \w+-\d+-\d+: toxic '\w+' had no effect, 3 times out of 3", report["environment"])
    assert "is it a Toxiproxy server?" in " ".join(capsys.readouterr())
