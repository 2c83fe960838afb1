"""The bus on the wire: each fault of a delivery as in sim, handlers that die, and subscribers of any kind."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.adapter.subprocess import SubprocessSaga, as_processes_find_them
from harness.bus import Bus, EventStep, Promise
from harness.cloudevents import CloudEvent
from harness.history import FaultFired, MessageDead, MessageDelivered
from harness.loader.toml_file import load_toml
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import Run, run_once
from harness.saga import Json, SagaSpec, Status, Step
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.planted.kit import SHOP
from tests.planted.messages.broken import NoInbox, NoOutbox, Parallel
from tests.planted.messages.scenario import DURABLE, QUICK
from tests.planted.messages.shop import Shop

pytestmark = [pytest.mark.wire]

SITE = "events.StockReserved.deliver"

FAULTS = (
    ("drop_message", ""),
    ("duplicate_message", "at_once"),
    ("duplicate_message", "after_ack"),
    ("duplicate_message", "after_end"),
    ("duplicate_message", "settling"),
    ("reorder_message", ""),
    ("delay_message", "50%"),
    ("delay_message", "150%"),
    ("late_message", "after_end"),
    ("late_message", "settling"),
    ("lose_ack", ""),
    ("poison_message", ""),
    ("lose_reply", ""),
    ("reset_after", ""),
)
TWINS: tuple[type[Shop], ...] = (Shop, NoOutbox, NoInbox)
RACE = (NoOutbox, "duplicate_message", "at_once")
"""It handles two copies at once, without a lock: which of them gets where first is its own race."""


def handed_over(run: Run, to: str = "charge") -> list[tuple[int, int]]:
    return [(one.attempt, one.copy) for _, one in run.history.of(MessageDelivered) if one.subscription == to]


def fired(run: Run) -> list[str]:
    return [one.kind for _, one in run.history.of(FaultFired)]


def complaints(run: Run) -> list[str]:
    return [one.message for one in run.judgements if one.message]


def plan_of(kind: str, variant: str) -> FaultPlan:
    publish = kind in ("lose_reply", "reset_after")
    at = "events.StockReserved.publish" if publish else SITE
    return FaultPlan((Fault(kind=kind, operation=at, variant=variant),))


def told(run: Run) -> tuple[object, ...]:
    """What has to be the same in both worlds: what struck, who got what, the end, and the judgement."""
    violated = sorted(one.invariant for one in run.judgements if one.message)
    return fired(run), handed_over(run), [one.status for one in run.view.sagas], violated


def scenario_of(twin: type[Shop]) -> Scenario:
    return twin().scenario(promise=QUICK)


Key = tuple[str, str, str]


def all_in_sim(scenario_of: Callable[[type[Shop]], Scenario]) -> Mapping[Key, tuple[object, ...]]:
    """The same plans in virtual time, run before any wire world is there."""
    with SimWorld() as world:
        return {
            (twin.__name__, *fault): told(run_once(scenario_of(twin), {}, plan_of(*fault), world))
            for twin in TWINS
            for fault in FAULTS
        }


@pytest.fixture(scope="module")
def in_sim() -> Mapping[Key, tuple[object, ...]]:
    return all_in_sim(scenario_of)


@pytest.fixture(scope="module")
def wire(in_sim: object) -> Iterator[WireWorld]:
    """Behind a real Toxiproxy."""
    del in_sim
    with WireWorld("toxiproxy", progress=print) as world:
        yield world


@pytest.mark.parametrize(("kind", "variant"), FAULTS)
@pytest.mark.parametrize("twin", TWINS)
def test_a_fault_means_what_it_means_in_sim(
    twin: type[Shop], kind: str, variant: str, wire: WireWorld, in_sim: Mapping[Key, tuple[object, ...]]
) -> None:
    run = run_once(scenario_of(twin), {}, plan_of(kind, variant), wire)
    same = slice(2) if (twin, kind, variant) == RACE else slice(None)  # what struck, and who got what
    assert told(run)[same] == in_sim[twin.__name__, kind, variant][same]


@pytest.mark.parametrize(
    ("kind", "toxic"), [("lose_ack", "limit_data_downstream"), ("drop_message", "timeout_upstream")]
)
def test_what_is_lost_is_lost_by_a_toxic(wire: WireWorld, kind: str, toxic: str) -> None:
    run = run_once(scenario_of(Shop), {}, plan_of(kind, ""), wire)
    assert [one.toxic for _, one in run.history.of(FaultFired)] == [toxic]


def test_it_is_overtaken_where_two_messages_are_under_way(wire: WireWorld) -> None:
    fault = Fault(kind="reorder_message", operation="events.OrderPlaced.deliver")
    amount = {"amount": 10}
    run = run_once(Parallel().scenario(promise=QUICK, inputs=(amount,)), amount, FaultPlan((fault,)), wire)
    assert fired(run) == ["reorder_message"]
    order = [one.subscription for _, one in run.history.of(MessageDelivered)]
    assert order.index("charge") < order.index("reserve")
    assert complaints(run) == []


def test_what_is_dropped_for_ever_is_a_dead_letter(wire: WireWorld) -> None:
    promise = Promise(ack_timeout_s=0.1, attempts=3)
    plan = FaultPlan((Fault(kind="drop_message", operation=SITE, count=Lasting.FOR_EVER),))
    run = run_once(Shop().scenario(promise=promise), {}, plan, wire)
    ((_, dead),) = run.history.of(MessageDead)
    assert (dead.attempts, dead.struck) == (3, 3)
    assert [one.status for one in run.view.sagas] == [Status.STUCK]
    assert complaints(run) == []


@pytest.mark.parametrize("where", ["on_arrival", "applied", "answered"])
def test_handlers_whose_process_is_killed_get_the_message_again(wire: WireWorld, where: str) -> None:
    plan = FaultPlan((Fault(kind="crash", operation="bank.charge.create", variant=where),))
    run = run_once(DURABLE, {}, plan, wire)
    assert fired(run) == ["crash"]
    assert complaints(run) == []
    assert handed_over(run)[:2] == [(1, 0), (2, 0)]


# Subscribers of any kind ----------------------------------------------------------------------


class Subscriber(BaseHTTPRequestHandler):
    """A service in any language: refuses the first delivery, takes the next ones."""

    got: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204 if len(self.got) > 1 else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@contextmanager
def service() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Subscriber)
    Subscriber.got.clear()
    thread = threading.Thread(target=server.serve_forever, name="saga-chaos-wire-subscriber")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/inbox"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def subscribe(bus: str, told: object) -> int:
    """As any client would; no call of a saga."""
    request = urllib.request.Request(f"{bus}/subscriptions", data=json.dumps(told).encode(), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)


@pytest.mark.parametrize("structured", [False, True])
def test_anybody_may_subscribe_and_publish(wire: WireWorld, *, structured: bool) -> None:
    refused: list[int] = []

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        del input_
        assert isinstance(ctx.client, httpx.AsyncClient)
        wrong: tuple[object, ...] = (
            {"types": ["Nonsense"], "url": url},
            {"types": ["Placed"], "url": "ftp://x"},
            {"types": ["Placed"], "url": "http://"},
            {"types": ["Placed"], "url": "http://127.0.0.1:many"},
            {"types": [], "url": url},
            {"url": url},
        )
        refused.extend([await asyncio.to_thread(subscribe, ctx.urls["events"], one) for one in wrong])
        told = {"types": ["Placed"], "url": url, "name": "mails"}
        assert await asyncio.to_thread(subscribe, ctx.urls["events"], told) == 201
        event = CloudEvent(id="e-1", source="/shop", type="Placed", data={"saga_id": ctx.saga_id})
        headers, body = event.structured() if structured else event.binary()
        await ctx.client.post(f"{ctx.urls['events']}/events", headers=headers, content=body)
        for _ in range(100):
            if len(Subscriber.got) > 1:
                break
            await asyncio.sleep(0.05)
        reply = await ctx.client.post(f"{ctx.urls['stock']}/holds", json={"saga_id": ctx.saga_id})
        reply.raise_for_status()
        return {"status": "completed"}

    scenario = Scenario(
        name="subscribers",
        spec=SagaSpec(name="subscribers", steps=Shop.steps[:1]),
        participants=(SHOP[0], Bus("events", ("Placed",), promise=QUICK)),
        saga=CallableSaga(saga, "subscribers"),
    )
    with service() as url:
        run = run_once(scenario, {}, FaultPlan(), wire)
    assert refused == [400] * 6
    (first, *again) = Subscriber.got
    assert again
    path, headers, body = first
    assert (path, headers["ce-id"], headers["ce-type"]) == ("/inbox", "e-1", "Placed")
    assert json.loads(body)["saga_id"] == run.saga_id
    assert [one.attempt for _, one in run.history.of(MessageDelivered)][:2] == [1, 2]


def test_a_subscriber_may_stand_in_the_file(wire: WireWorld, tmp_path: Path) -> None:
    (tmp_path / "sagas.py").write_text(
        "import asyncio\n"
        "async def saga(ctx, input):\n"
        "    body = {'saga_id': ctx.saga_id}\n"
        "    head = {'ce-id': '1', 'ce-type': 'Placed', 'ce-source': '/', 'ce-specversion': '1.0'}\n"
        "    await ctx.client.post(ctx.urls['events'] + '/events', json=body, headers=head)\n"
        "    await asyncio.sleep(0.3)\n"
        "    (await ctx.client.post(ctx.urls['stock'] + '/holds', json=body)).raise_for_status()\n"
        "    return {'status': 'completed'}\n"
    )
    with service() as url:
        (tmp_path / "saga.toml").write_text(
            'format_version = 1\nname = "order"\n[saga]\nadapter = "callable"\ntarget = "sagas.py:saga"\n'
            '[participants.events]\nkind = "bus"\nevents = ["Placed"]\nredeliver_after_s = 0.05\n'
            f'subscriptions = [{{ types = ["Placed"], url = "{url}" }}]\n'
            '[participants.stock.resources.hold]\ncreate = "POST /holds"\ndelete_by_saga = "DELETE /holds"\n'
            '[[steps]]\nname = "hold"\naction = "stock.hold.create"\n'
            'compensation = "stock.hold.delete_by_saga"\n'
        )
        scenario = load_toml("saga.toml", tmp_path / "saga.toml")
        assert scenario.worlds == ("wire",)
        run = run_once(scenario, {}, FaultPlan(), wire)
    assert [one.status for one in run.view.sagas] == [Status.COMPLETED]
    assert [headers["saga-chaos-attempt"] for _, headers, _ in Subscriber.got] == ["1", "2"]


COMMAND = """
import json, os, sys, urllib.request
bus, = {os.environ["SAGA_BUS_URL"], os.environ["SAGA_EVENTS_URL"]}
head = {"ce-id": "1", "ce-type": "Placed", "ce-source": "/", "ce-specversion": "1.0"}
body = json.dumps({"saga_id": sys.argv[2]}).encode()
urllib.request.urlopen(urllib.request.Request(bus + "/events", data=body, headers=head), timeout=5).close()
print('OUTCOME {"status": "completed"}')
"""


def test_a_command_finds_the_only_bus_whatever_its_name(wire: WireWorld, tmp_path: Path) -> None:
    (tmp_path / "saga.py").write_text(COMMAND)
    scenario = Scenario(
        name="command",
        spec=SagaSpec(name="command", steps=(Step(name="place", action="events.place.Placed"),)),
        participants=(
            Bus("events", ("Placed",), promise=QUICK, steps=(EventStep(name="place", done="Placed"),)),
        ),
        saga=SubprocessSaga(command=(sys.executable, "saga.py"), cwd=tmp_path),
    )
    run = run_once(scenario, {}, FaultPlan(), wire)
    assert ([one.status for one in run.view.sagas], complaints(run)) == ([Status.COMPLETED], [])


@pytest.mark.parametrize(
    ("bus", "urls", "found"),
    [
        ("events", {"events": "1", "stock": "2"}, {"events": "1", "stock": "2", "bus": "1"}),
        ("events", {"events": "1", "Bus": "2"}, {"events": "1", "Bus": "2"}),
        (None, {"events": "1", "more": "2"}, {"events": "1", "more": "2"}),
    ],
)
def test_who_is_named_bus_is_the_bus(
    bus: str | None, urls: Mapping[str, str], found: Mapping[str, str]
) -> None:
    assert as_processes_find_them(urls, bus) == found
