"""The proxy server as a child process: started, watched and ended here.

Owns that the child listens on loopback only, that it is ours and not a stranger on the same port, and that
it ends with the harness however the harness ends. A server that runs already is used and left running.
"""

import contextlib
import os
import socket
import subprocess
import tempfile
import time
import weakref
from typing import IO, Self

from harness.children import end, spawn
from harness.errors import UsageError
from harness.packages import python_m
from harness.toxiproxy.client import ProxyClient
from harness.toxiproxy.discovery import ServerChoice
from harness.toxiproxy.errors import ProxyDied, ProxyUnavailable
from harness.toxiproxy.probe import Identity, ServerKind, host_and_port, identify

START_LIMIT_S = 10.0
POLL_S = 0.005
START_ATTEMPTS = 5
LOG_LENGTH = 600
PORT_TAKEN = "address already in use"


class ProxyServer:
    """A context manager around one server."""

    def __init__(self, choice: ServerChoice) -> None:
        self._choice = choice
        self._child: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._client: ProxyClient | None = None
        self._address: tuple[str, int] | None = None
        self._identity: Identity | None = None
        self._at_exit: weakref.finalize[[subprocess.Popen[bytes]], ProxyServer] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """Where the API is."""
        return self._started_at()[0]

    @property
    def port(self) -> int:
        """Where the API is."""
        return self._started_at()[1]

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://{self.host}:{self.port}"

    @property
    def kind(self) -> ServerKind:
        """Which of the two servers it is."""
        return self._identity.kind if self._identity is not None else self._choice.kind

    @property
    def version(self) -> str:
        """What the server says it is; empty before it has started."""
        return self._identity.version if self._identity is not None else ""

    @property
    def client(self) -> ProxyClient:
        """A client for this server, closed with it."""
        if self._client is None:
            self._client = ProxyClient(self.host, self.port)
        return self._client

    def start(self) -> None:
        """Start the server and wait until it answers; one that was started already is left as it is."""
        if self._address is not None:
            return
        if self._choice.url is not None:
            self._use(host_and_port(self._choice.url))
            return
        for attempt in range(1, START_ATTEMPTS + 1):
            if self._try_start():
                return
            if attempt < START_ATTEMPTS:
                self.stop()
        said = self.log()
        self.stop()
        raise ProxyUnavailable(
            f"{self._choice.place}: found no free port in {START_ATTEMPTS} attempts, expected one: {said}"
        )

    def stop(self) -> None:
        """End the child and wait for it."""
        if self._client is not None:
            self._client.close()
        if self._child is not None:
            end(self._child)
        if self._at_exit is not None:
            self._at_exit.detach()
        if self._log is not None:
            self._log.close()
        self._child = self._client = self._log = self._at_exit = self._address = None

    def alive(self) -> bool:
        """Whether the server still answers."""
        if self._address is None or (self._child is not None and self._child.poll() is not None):
            return False
        try:
            identify(*self._address)
        except OSError:
            return False
        return True

    def check(self) -> None:
        """Raise `ProxyDied` with what the server said last, unless it still answers."""
        if not self.alive():
            code = None if self._child is None else self._child.poll()
            raise ProxyDied(
                f"{self.kind} proxy server: found it dead (exit code {code}), expected it to answer; "
                f"its last words: {self.log() or 'none'}"
            )

    def log(self) -> str:
        """The end of what the child has said."""
        if self._log is None:
            return ""
        self._log.seek(0)
        return self._log.read().decode(errors="replace").strip()[-LOG_LENGTH:]

    def _started_at(self) -> tuple[str, int]:
        if self._address is None:
            raise UsageError("proxy server: found it not started, expected start() or a with statement first")
        return self._address

    def _use(self, address: tuple[str, int]) -> None:
        try:
            self._identity = identify(*address)
        except OSError as error:
            raise ProxyDied(f"proxy server at {address[0]}:{address[1]}: {error}") from error
        self._address = address

    def _try_start(self) -> bool:
        """Whether it came up; False when somebody else was faster to take the port."""
        address = ("127.0.0.1", _free_port())
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- closed in stop()
        self._child = spawn(self._command(*address), self._log, self._environment())
        self._at_exit = weakref.finalize(self, end, self._child)
        deadline_s = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline_s:
            if self._child.poll() is not None or PORT_TAKEN in self.log():
                return self._explain_early_end()
            with contextlib.suppress(OSError):
                self._use_child(address)
                return PORT_TAKEN not in self.log()
            time.sleep(POLL_S)
        said = self.log()
        self.stop()
        raise ProxyUnavailable(f"{self._choice.place}: found no answer in {START_LIMIT_S:g} s: {said}")

    def _use_child(self, address: tuple[str, int]) -> None:
        self._identity = identify(*address)
        self._address = address

    def _explain_early_end(self) -> bool:
        said = self.log()
        if PORT_TAKEN in said:
            return False
        self.stop()
        raise ProxyUnavailable(f"{self._choice.place}: found it ended at once, expected it to serve: {said}")

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **({"LOG_LEVEL": "error"} if self._choice.binary is not None else {})}

    def _command(self, host: str, port: int) -> list[str]:
        where = ["--host", host, "--port", str(port)]
        if self._choice.binary is not None:
            return [str(self._choice.binary), *where]
        return [*python_m("harness.toxiproxy.embedded"), *where]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
