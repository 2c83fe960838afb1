"""A participant that records, a client that names what it sees, and a bare view of the proxy's API."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    content_type: str | None
    nosniff: str | None
    body: str


class Api:
    """Requests as any client sends them, with nothing between."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.host, self.port = parts.hostname, parts.port

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        connection = HTTPConnection(self.host, self.port, timeout=PATIENCE_S)
        sent = body if isinstance(body, str) or body is None else json.dumps(body)
        try:
            connection.request(method, path, body=sent, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Reply(
                status=answer.status,
                content_type=answer.getheader("content-type"),
                nosniff=answer.getheader("x-content-type-options"),
                body=answer.read().decode(),
            )
        finally:
            connection.close()

    def ok(self, method: str, path: str, body: object = None) -> Reply:
        reply = self.call(method, path, body)
        assert reply.status < 400, reply
        return reply


class Participant:
    """Echoes what it gets, and remembers it."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._changed = threading.Condition()
        self._live: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.received = b""
        self.ends: list[str] = []
        self._spawn(self._accept)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._live:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for sock in self._live:
            sock.close()

    def got(self, data: bytes, within_s: float = PATIENCE_S) -> bool:
        """Whether exactly this has arrived, all connections together."""
        with self._changed:
            return self._changed.wait_for(lambda: self.received == data, within_s)

    def end(self, within_s: float = PATIENCE_S) -> str:
        """How the first connection that ended did."""
        with self._changed:
            return self.ends[0] if self._changed.wait_for(lambda: bool(self.ends), within_s) else "open"

    def _spawn(self, target: object, *args: object) -> None:
        assert callable(target)
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._live.append(sock)
                self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        end = "closed"
        try:
            while data := sock.recv(65536):
                with self._changed:
                    self.received += data
                    self._changed.notify_all()
                sock.sendall(data)
        except OSError:
            end = "reset"
        sock.close()
        with self._changed:
            self.ends.append(end)
            self._changed.notify_all()


class Client:
    """A connection through the proxy, and what is seen of it."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._sock = socket.create_connection((host, int(port)), PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sock.close()

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._sock.sendall(data)

    def half_close(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._sock.close()

    def piece(self, within_s: float = PATIENCE_S) -> bytes | str:
        """One read: bytes, or `closed`, `reset`, `silent`."""
        self._sock.settimeout(within_s)
        try:
            return self._sock.recv(65536) or "closed"
        except TimeoutError:
            return "silent"
        except OSError:
            return "reset"

    def read(self, size: int, within_s: float = PATIENCE_S) -> bytes | str:
        """So many bytes, or how it ended before the first."""
        data = b""
        while len(data) < size:
            piece = self.piece(within_s)
            if isinstance(piece, str):
                return data or piece
            data += piece
        return data


class Rig:
    """One proxy in front of one participant."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.participant = Participant()
        made = api.ok(
            "POST",
            "/proxies",
            {"name": "rig", "listen": "127.0.0.1:0", "upstream": self.participant.address},
        )
        self.address: str = json.loads(made.body)["listen"]

    def close(self) -> None:
        self.api.call("DELETE", "/proxies/rig")
        self.participant.close()

    def add(self, kind: str, stream: str = "downstream", toxicity: float = 1.0, **attributes: int) -> str:
        body = {"type": kind, "stream": stream, "toxicity": toxicity, "attributes": attributes}
        made = self.api.ok("POST", "/proxies/rig/toxics", body)
        return str(json.loads(made.body)["name"])

    def update(self, name: str, **attributes: int) -> None:
        self.api.ok("PATCH", f"/proxies/rig/toxics/{name}", {"attributes": attributes})

    def remove(self, name: str) -> None:
        self.api.ok("DELETE", f"/proxies/rig/toxics/{name}")

    def enable(self, *, enabled: bool) -> None:
        self.api.ok("PATCH", "/proxies/rig", {"enabled": enabled})

    def connect(self) -> Client:
        return Client(self.address)

    def warm(self) -> Client:
        """A connection that has been through to the participant and back."""
        client = self.connect()
        client.send(b"hi")
        assert client.read(2) == b"hi"
        self.participant.received = b""
        return client


class Clock:
    """How long something took."""

    def __init__(self) -> None:
        self._started_s = time.monotonic()

    def between(self, least_s: float, most_s: float) -> bool:
        took_s = time.monotonic() - self._started_s
        assert least_s <= took_s <= most_s, f"took {took_s:.3f} s, expected {least_s} to {most_s} s"
        return True
