"""A plain forwarder in place of the proxy: the checks that pass behind a proxy must fail behind it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from harness.errors import EnvironmentFault
from harness.saga import SagaStart
from harness.toxiproxy.client import ProxyClient, Toxic
from harness.worlds.wire import WireWorld
from tests.wire.expected import SHOWN_BY_THE_INJECTOR, SHOWN_BY_THE_PROXY, check
from tests.wire.orders import plan, probe, scenario

pytestmark = pytest.mark.wire


@dataclass
class Forwarder:
    """Takes every order of the API, and forwards all the same."""

    name: str
    upstream: tuple[str, int]
    listen: str = ""
    armed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.listen = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True, name="saga-chaos-wire-forwarder").start()

    def enable(self) -> None: ...

    def disable(self) -> None: ...

    def add_toxic(self, toxic: Toxic) -> str:
        self.armed.append(toxic.name)
        return toxic.name

    def remove_toxic(self, name: str) -> None:
        self.armed.remove(name)

    def toxics(self) -> tuple[str, ...]:
        return tuple(self.armed)

    def destroy(self) -> None:
        for one in [self._server, *self._sockets]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection(self.upstream)
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(
                        target=_pump, args=ends, daemon=True, name="saga-chaos-wire-forwarder"
                    ).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _forwarder(client: ProxyClient, name: str, upstream: str, listen: str) -> Forwarder:
    host, _, port = upstream.rpartition(":")
    return Forwarder(name, (host, int(port)))


@pytest.fixture(scope="module")
def forwarded() -> Iterator[WireWorld]:
    with WireWorld("embedded", make_proxy=_forwarder) as world:
        yield world


@pytest.mark.parametrize(("kind", "variant"), SHOWN_BY_THE_PROXY, ids="-".join)
def test_a_plain_forwarder_fails_the_same_check(forwarded: WireWorld, kind: str, variant: str) -> None:
    with pytest.raises((AssertionError, EnvironmentFault)):
        check(forwarded, kind, variant, SHOWN_BY_THE_PROXY[kind, variant])


@pytest.mark.parametrize(("kind", "variant"), SHOWN_BY_THE_INJECTOR, ids="-".join)
def test_a_plain_forwarder_is_one_otherwise(forwarded: WireWorld, kind: str, variant: str) -> None:
    check(forwarded, kind, variant, SHOWN_BY_THE_INJECTOR[kind, variant])


@pytest.mark.parametrize("kind", ["lose_request", "lose_reply", "reset_before", "cut_reply"])
def test_a_proxy_that_lets_through_what_it_must_not_ends_the_run(forwarded: WireWorld, kind: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"proxy of 'payments': found reply .* expected toxic"):
        forwarded.run(scenario(probe), [SagaStart(id="saga-1", input={})], plan(kind))
