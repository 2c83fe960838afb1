"""Where a Redis is, what it needs, and who is told where it is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.brokers.errors import BrokerUnavailable
from harness.bus import Broker, BrokerKind
from harness.errors import ScenarioError, UsageError
from harness.redis import resp
from harness.redis.address import RedisAddress
from harness.redis.server import SERVER_VARIABLE, find_redis
from harness.worlds.wire.brokers.kinds import KINDS
from harness.worlds.wire.brokers.processes import Brokers
from tests.planted.messages.scenario import on_redis
from tests.planted.messages.shop import Shop


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("redis://localhost", "redis://localhost:6379/0"),
        ("redis://:p%40ss@127.0.0.1:6380/2", "redis://:p%40ss@127.0.0.1:6380/2"),
        ("redis://me:secret@[::1]/", "redis://me:secret@[::1]:6379/0"),
    ],
)
def test_a_url_is_read_and_written(url: str, text: str) -> None:
    assert str(RedisAddress.parse(url, "url")) == text


def test_a_proxy_is_another_way_to_the_same_database() -> None:
    address = RedisAddress.parse("redis://:p@127.0.0.1/3", "url").at("127.0.0.1", 7)
    assert str(address) == "redis://:p@127.0.0.1:7/3"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1", "redis://cache.test", "redis://127.0.0.1:x", "rediss://127.0.0.1"]
)
def test_what_is_no_redis_on_loopback_is_refused(url: str) -> None:
    with pytest.raises(ScenarioError, match="expected redis and a loopback host"):
        RedisAddress.parse(url, "url")


def test_a_database_has_a_number() -> None:
    with pytest.raises(ScenarioError, match="expected the number of a database"):
        RedisAddress.parse("redis://127.0.0.1/shop", "url")


def test_a_server_that_is_missing_is_said_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SERVER_VARIABLE, str(tmp_path / "redis-server"))
    with pytest.raises(BrokerUnavailable, match=r"no redis-server .*apt-get install redis-server"):
        find_redis()
    (tmp_path / "redis-server").touch()
    assert find_redis() == tmp_path / "redis-server"
    monkeypatch.delenv(SERVER_VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(BrokerUnavailable, match="tried PATH"):
        find_redis()


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    resp.require_hiredis.cache_clear()
    monkeypatch.setitem(sys.modules, "hiredis", None)
    with pytest.raises(UsageError, match=r"expected the extra redis: pip install 'saga-chaos\[redis\]'"):
        Brokers(print, KINDS).of(on_redis(Shop().scenario()))
    resp.require_hiredis.cache_clear()


def test_one_of_ones_own_that_is_not_there_is_said_to_be_missing() -> None:
    pytest.importorskip("hiredis")
    broker = Broker(kind=BrokerKind.REDIS, url="redis://127.0.0.1:1/")
    with pytest.raises(BrokerUnavailable, match=r"found nobody who speaks RESP at 127\.0\.0\.1:1"):
        Brokers(print, KINDS).of(on_redis(Shop().scenario(), broker))
