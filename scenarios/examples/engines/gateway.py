"""The front of a saga engine for `adapter = "http"`: POST /sagas {id, input}, GET /sagas/{id}, GET /health.

Owns HTTP alone. An engine gives two functions: one starts a saga, one says how far it has come.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DESK = os.environ.get("SAGA_DESK_URL", "")

Start = Callable[[str, int], None]
Find = Callable[[str], str | None]


def serve(port: int, start: Start, find: Find) -> None:
    """For ever, on loopback. start: a saga of so many steps; find: its outcome, None while it runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            start(given["id"], given["input"]["steps"])
            self._answer(202, {"id": given["id"]})

        def do_GET(self) -> None:
            if self.path == "/health":
                self._answer(200, {})
                return
            outcome = find(self.path.rsplit("/", 1)[-1])
            self._answer(200, {"status": outcome or "running"})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Says nothing: the benchmark reads what it needs from its own history."""

    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
