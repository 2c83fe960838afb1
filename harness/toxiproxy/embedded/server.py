"""The embedded server: the API on a loopback port, in the caller's event loop or in a thread of its own.

Owns binding, starting and stopping. It refuses every address that other machines could reach.
"""

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from harness.errors import EnvironmentFault, UsageError
from harness.toxiproxy.embedded.addresses import Address, bound_address, is_loopback
from harness.toxiproxy.embedded.api import Api
from harness.toxiproxy.embedded.asgi import Application

START_LIMIT_S = 10.0
STOP_LIMIT_S = 10.0
IDLE_LIMIT_S = 60
DEFAULT_SEED = 0


class EmbeddedServer:
    """One server: `start` and `stop` are for synchronous code, `serve` for a running event loop."""

    def __init__(self, *, rng: random.Random | None = None, proxy_metrics: bool = False) -> None:
        # Seeded, so that jitter and toxicity come out the same in every process.
        self._rng = rng or random.Random(DEFAULT_SEED)  # noqa: S311 -- chaos, not secrets
        self._proxy_metrics = proxy_metrics
        self._address: Address | None = None
        self._uvicorn: _QuietUvicorn | None = None
        self._thread: threading.Thread | None = None
        self._up = threading.Event()
        self._stopping = threading.Event()

    @property
    def url(self) -> str:
        """Where the API is, once it is bound."""
        if self._address is None:
            raise UsageError("the embedded proxy server is not started: call start() first")
        return f"http://{self._address}"

    def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serve from a thread of its own; returns when the API answers."""
        listener = self._bind(host, port)
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(listener),), name="embedded-proxy", daemon=True
        )
        self._thread.start()
        if not self._up.wait(START_LIMIT_S):
            raise EnvironmentFault(f"the embedded proxy server did not come up within {START_LIMIT_S:g} s")

    def stop(self) -> None:
        """Close every proxy and the API, and wait until both are gone."""
        self.request_stop()
        if self._thread is not None:
            self._thread.join(STOP_LIMIT_S)
        self._thread = None

    def request_stop(self) -> None:
        """Let `serve` end; callable from any thread and from a signal handler."""
        self._stopping.set()
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True

    async def serve(self, host: str, port: int, on_bound: Callable[[str], None] | None = None) -> None:
        """Serve until `request_stop`; `on_bound` gets the URL as soon as there is one."""
        listener = self._bind(host, port)
        if on_bound is not None:
            on_bound(self.url)
        await self._serve(listener)

    def _bind(self, host: str, port: int) -> socket.socket:
        if not is_loopback(host):
            raise UsageError(f"proxy host: found {host!r}, expected a loopback address such as 127.0.0.1")
        wanted = Address(host="127.0.0.1" if host == "localhost" else host, port=port)
        try:
            listener = wanted.bind()
        except (OSError, OverflowError) as error:
            raise EnvironmentFault(f"the embedded proxy server cannot use {wanted}: {error}") from error
        self._address = bound_address(listener)
        return listener

    async def _serve(self, listener: socket.socket) -> None:
        api = Api(rng=self._rng, proxy_metrics=self._proxy_metrics)
        config = uvicorn.Config(
            Application(api),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=IDLE_LIMIT_S,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = _QuietUvicorn(config, self._up)
        # The order of these two matters: a stop may come from another thread between them.
        self._uvicorn.should_exit = self._stopping.is_set()
        try:
            await self._uvicorn.serve(sockets=[listener])
        finally:
            await api.collection.close()
            listener.close()


class _QuietUvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, up: threading.Event) -> None:
        super().__init__(config)
        self._up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Uvicorn would raise the signal again once it has stopped; here it is not the one to handle them.
        yield
