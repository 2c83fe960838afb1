"""The same saga behind HTTP: POST /sagas {id, input}, GET /sagas/ID. It recovers by itself as it starts.

`SAGA_FORGETS=journal`: what was begun before a restart is unknown after it. `SAGA_LINGERS=SECONDS`: so long
after its last word it reserves once more. `SAGA_PRINTS`: it says what it begins.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from journal import Journal, Participant, back, forward  # type: ignore[import-not-found]  # beside this program

outcomes: dict[str, dict[str, object]] = {}


def work(saga_id: str) -> None:
    journal = Journal(saga_id)
    error = "aborted before" if "back" in journal.facts else forward(saga_id, journal)
    if error is None:
        outcomes[saga_id] = {"status": "completed", "pid": os.getpid()}
        linger(saga_id)
        return
    journal.note("back")
    status = "compensated" if back(saga_id, journal) else "stuck"
    outcomes[saga_id] = {"status": status, "detail": {"error": error}}


def linger(saga_id: str) -> None:
    if "SAGA_LINGERS" in os.environ:
        time.sleep(float(os.environ["SAGA_LINGERS"]))
        Participant("INVENTORY", saga_id).ask("POST", "/reservations", f"{saga_id}:again")


def begin(saga_id: str) -> None:
    if saga_id not in outcomes:
        outcomes[saga_id] = {"status": "running"}
        if "SAGA_PRINTS" in os.environ:
            print(f"begins {saga_id}", flush=True)  # noqa: T201 - what is kept of it
        Journal(saga_id).note("known")
        threading.Thread(target=work, args=(saga_id,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        begin(asked["id"])
        self._answer(202, {})

    def do_GET(self) -> None:
        known = outcomes.get(self.path.rpartition("/")[2])
        self._answer(200 if known else 404, known or {})

    def log_message(self, *args: object) -> None: ...

    def _answer(self, status: int, body: dict[str, object]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    if os.environ.get("SAGA_FORGETS") != "journal":
        for path in Path(os.environ["SAGA_STORE_DIR"]).glob("*.journal"):
            begin(path.stem)
    server.serve_forever()
