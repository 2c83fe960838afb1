"""[participants.X] with `kind = "bus"`: what carries its messages on the wire."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.adapter.subprocess import SubprocessSaga
from harness.bus import Broker, BrokerKind, Bus
from harness.campaign.options import WITH_BROKER, CampaignOptions
from harness.errors import ScenarioError
from harness.faults.enabled import NO_SUCH_ANSWER, enabled_faults
from harness.loader.toml_file import load_toml
from harness.scenario import Scenario

HANDLERS = "async def placed(ctx, event):\n    await ctx.publish('Done')\n"
TOML = """
format_version = 1
name = "order"
[saga]
adapter = "handlers"
starts = "Placed"
outcome = {{ completed = "Done" }}
[saga.handlers]
Placed = "handlers.py:placed"
[participants.events]
kind = "bus"
events = ["Placed", "Done"]
{more}
[participants.stock.resources.hold]
create = "POST /holds"
delete_by_saga = "DELETE /holds"
[[steps]]
name = "hold"
action = "stock.hold.create"
compensation = "stock.hold.delete_by_saga"
"""


def load(folder: Path, more: str) -> Scenario:
    (folder / "handlers.py").write_text(HANDLERS)
    (folder / "saga.toml").write_text(TOML.format(more=more))
    return load_toml("saga.toml", folder / "saga.toml")


def bus_of(scenario: Scenario) -> Bus:
    (found,) = [one for one in scenario.participants if isinstance(one, Bus)]
    return found


@pytest.mark.parametrize(
    ("more", "broker"),
    [
        ("", None),
        ('broker = "rabbitmq"', Broker()),
        (
            'broker = "rabbitmq"\nurl = "amqp://127.0.0.1:5673/shop"',
            Broker(kind=BrokerKind.RABBITMQ, url="amqp://127.0.0.1:5673/shop"),
        ),
        ('broker = "redis"', Broker(kind=BrokerKind.REDIS)),
        (
            'broker = "redis"\nurl = "redis://127.0.0.1:6380/2"',
            Broker(kind=BrokerKind.REDIS, url="redis://127.0.0.1:6380/2"),
        ),
    ],
)
def test_a_broker_is_named_by_its_kind_and_its_url(tmp_path: Path, more: str, broker: Broker | None) -> None:
    scenario = load(tmp_path, more)
    assert bus_of(scenario).broker == bus_of(scenario).fresh().broker == broker
    assert scenario.worlds == ("sim", "wire")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('broker = "rabitmq"', r"found 'rabitmq', expected 'rabbitmq' \(did you mean it\?\)"),
        ('url = "amqp://127.0.0.1/"', "expected no url without broker = 'rabbitmq'"),
        ('broker = "rabbitmq"\nurl = "http://127.0.0.1/"', "expected amqp and a loopback host"),
        ('broker = "redis"\nurl = "amqp://127.0.0.1/"', "expected redis and a loopback host"),
        (
            "broker = 'rabbitmq'\nsubscriptions = [{ types = ['Placed'], url = 'http://127.0.0.1:1/' }]",
            "expected no subscriptions beside a broker",
        ),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, more: str, expected: str) -> None:
    with pytest.raises(ScenarioError, match=expected):
        load(tmp_path, more)


def test_answers_that_a_broker_cannot_give_are_impossible_on_the_wire(tmp_path: Path) -> None:
    scenario = load(tmp_path, 'broker = "rabbitmq"')

    def refused(world: str) -> set[str]:
        of_publish = enabled_faults(scenario, world).impossible("events.Done.publish")
        return {one.kind for one in of_publish if one.reason == NO_SUCH_ANSWER}

    assert refused("wire") >= {"reject", "throttle", "garbage", "partial"}
    assert refused("sim") == set()


def test_fewer_workers_start_where_each_starts_a_broker(tmp_path: Path) -> None:
    started = load(tmp_path, 'broker = "rabbitmq"')
    options = CampaignOptions(out=tmp_path, load=lambda _: started, narrate=lambda history, evidence: [])
    named = load(tmp_path, 'broker = "rabbitmq"\nurl = "amqp://127.0.0.1/"')
    assert options.resolved("wire", started).workers == WITH_BROKER
    assert options.resolved("wire", named).workers == options.resolved("wire").workers
    assert options.resolved("sim", started).workers == options.resolved("sim").workers
    assert named.alone is None
    command = SubprocessSaga(command=("saga",), cwd=tmp_path)
    assert replace(named, saga=command).alone == (
        "the queues of events at its url would be those of the other runs, too"
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'completed = "Done"',
            'completed = "Don"',
            "saga.toml, line 7, saga.outcome.completed: found 'Don', expected 'Done' (did you mean it?)",
        ),
        (
            "handlers.py:placed",
            "handlers.py:place",
            "saga.toml, line 9, saga.handlers.Placed: found 'place', expected 'placed' (did you mean it?)",
        ),
        (
            "handlers.py:placed",
            "handlers.py:number",
            "saga.toml, line 9, saga.handlers.Placed: found 7, expected a function, async or not",
        ),
        (
            "handlers.py:placed",
            "handlers.py:narrow",
            "saga.toml, line 9, saga.handlers.Placed: found 'narrow', expected a function that takes",
        ),
    ],
)
def test_what_is_wrong_with_handlers_is_told_once_with_its_own_line(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    more = "number = 7\nasync def narrow(ctx):\n    pass\n"
    (tmp_path / "handlers.py").write_text(HANDLERS + more)
    (tmp_path / "saga.toml").write_text(TOML.format(more="").replace(old, new))
    with pytest.raises(ScenarioError) as raised:
        load_toml("saga.toml", tmp_path / "saga.toml")
    told = str(raised.value)
    assert told.startswith(says)
    assert told.count("saga.toml") == 1
    assert " at 0x" not in told
