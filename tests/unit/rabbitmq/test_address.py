"""Where a broker is: read from a URL, on loopback alone; and where its programs are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.brokers.errors import BrokerUnavailable
from harness.bus import Broker, Bus
from harness.errors import ScenarioError, UsageError
from harness.rabbitmq import frames
from harness.rabbitmq.address import AmqpAddress
from harness.rabbitmq.discovery import SERVER_VARIABLE, find_broker
from harness.worlds.wire.brokers.kinds import KINDS
from harness.worlds.wire.brokers.processes import Brokers
from tests.planted.messages.scenario import on_rabbitmq
from tests.planted.messages.shop import Shop


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("amqp://localhost", "amqp://guest:guest@localhost:5672/%2F"),
        ("amqp://me:p%40ss@127.0.0.1:5673/shop", "amqp://me:p%40ss@127.0.0.1:5673/shop"),
        ("amqp://[::1]:5672/%2F", "amqp://guest:guest@[::1]:5672/%2F"),
    ],
)
def test_a_url_is_read_whole(url: str, whole: str) -> None:
    assert str(AmqpAddress.parse(url, "url")) == whole


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5672", "amqp://broker.test", "amqp://127.0.0.1:x", "amqps://"]
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(ScenarioError, match="expected amqp and a loopback host"):
        AmqpAddress.parse(url, "url")


def test_without_a_broker_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SERVER_VARIABLE, str(tmp_path / "rabbitmq-server"))
    with pytest.raises(BrokerUnavailable, match=r"no rabbitmq-server .*apt-get install rabbitmq-server"):
        find_broker()


def test_without_erlang_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "rabbitmq-server").touch()
    monkeypatch.setenv(SERVER_VARIABLE, str(tmp_path / "rabbitmq-server"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerUnavailable, match="no Erlang"):
        find_broker()


def test_its_plug_ins_are_beside_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder in ("bin", "lib/rabbitmq_server-4.0/plugins"):
        (tmp_path / folder).mkdir(parents=True)
    for program in ("rabbitmq-server", "epmd"):
        (tmp_path / "bin" / program).touch(mode=0o755)
    monkeypatch.setenv(SERVER_VARIABLE, str(tmp_path / "bin/rabbitmq-server"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_broker().plugins == tmp_path / "lib/rabbitmq_server-4.0/plugins"
    (tmp_path / "lib/rabbitmq_server-4.0/plugins").rmdir()
    with pytest.raises(BrokerUnavailable, match="no folder plugins beside it"):
        find_broker()


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    frames.require_pamqp.cache_clear()
    monkeypatch.setitem(sys.modules, "pamqp", None)
    with pytest.raises(
        UsageError, match=r"expected the extra rabbitmq: pip install 'saga-chaos\[rabbitmq\]'"
    ):
        Brokers(print, KINDS).of(on_rabbitmq(Shop().scenario()))


def test_a_broker_of_ones_own_that_is_not_there_is_said_to_be_missing() -> None:
    scenario = on_rabbitmq(Shop().scenario(), Broker(url="amqp://127.0.0.1:1/"))
    with pytest.raises(BrokerUnavailable, match=r"found nobody who speaks AMQP 0-9-1 at 127\.0\.0\.1:1"):
        Brokers(print, KINDS).of(scenario)


def test_without_a_broker_nothing_is_started() -> None:
    scenario = Shop().scenario()
    assert any(isinstance(one, Bus) for one in scenario.participants)
    assert Brokers(print, KINDS).of(scenario) == {}
