import socket
from collections.abc import Iterator

import pytest

from harness.toxiproxy.client import ProxyClient, Toxic
from harness.toxiproxy.errors import CrashingToxic, ProxyDied, ProxyRefused
from harness.toxiproxy.probe import host_and_port


@pytest.fixture
def client(embedded_url: str) -> Iterator[ProxyClient]:
    with ProxyClient(*host_and_port(embedded_url)) as client:
        yield client


def test_a_proxy_from_its_creation_to_its_end(client: ProxyClient) -> None:
    proxy = client.create("payments", "127.0.0.1:9")
    host, _, port = proxy.listen.partition(":")
    cut = proxy.add_toxic(Toxic(type="limit_data", stream="downstream", attributes={"bytes": 1}, name="cut"))
    slow = proxy.add_toxic(Toxic(type="latency", stream="upstream", attributes={"latency": 1}))
    assert (cut, slow, proxy.toxics()) == ("cut", "latency_upstream", ("latency_upstream", "cut"))
    proxy.remove_toxic(cut)
    proxy.disable()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), 1)
    proxy.enable()
    client.reset()
    assert proxy.toxics() == ()
    socket.create_connection((host, int(port)), 1).close()
    proxy.destroy()
    with pytest.raises(ProxyRefused, match="proxy not found"):
        proxy.toxics()


def test_version(client: ProxyClient) -> None:
    assert client.version() == "2.12.0"


def test_a_refusal_says_what_was_asked_and_what_came_back(client: ProxyClient) -> None:
    proxy = client.create("twice", "127.0.0.1:9")
    with pytest.raises(ProxyRefused, match=r"twice.*expected a new name"):
        client.create("twice", "127.0.0.1:9")
    with pytest.raises(ProxyRefused, match=r"POST http.*'type': 'nonsense'.*got 400 .*invalid toxic type"):
        proxy.add_toxic(Toxic(type="nonsense", stream="upstream"))
    proxy.destroy()


def test_a_crashing_toxic_is_never_sent(client: ProxyClient) -> None:
    proxy = client.create("fragile", "127.0.0.1:9")
    with pytest.raises(CrashingToxic, match="rate must be from 0"):
        proxy.add_toxic(Toxic(type="bandwidth", stream="upstream", attributes={"rate": -1}))
    assert proxy.toxics() == ()
    proxy.destroy()


def test_a_server_that_is_not_there_has_died() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with (
        ProxyClient("127.0.0.1", port) as client,
        pytest.raises(ProxyDied, match=f"{port}/reset: got no answer"),
    ):
        client.reset()


def test_a_server_that_hangs_has_died(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.toxiproxy.transport.ANSWER_LIMIT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with ProxyClient("127.0.0.1", port) as client, pytest.raises(ProxyDied, match="ReadTimeout"):
            client.version()
