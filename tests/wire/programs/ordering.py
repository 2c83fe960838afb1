"""The saga of `journal` behind a service that makes its ids: POST /orders answers `{"order": {"id": …}}`.

Its words are its own: BOOKED, FAILED, PENDING, STUCK. `ORDERING`: `sync`, it answers once the saga has
ended; `liar`, its calls name another id; `silent`, it does not tell the id; `forgets`, a repeated POST makes
another order; `lingers`, 0.3 s after its last word it reserves once more.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from journal import Journal, Participant, back, forward  # type: ignore[import-not-found]  # beside this program

MANNER = os.environ.get("ORDERING", "")
STORE = Path(os.environ["SAGA_STORE_DIR"])
states: dict[str, str] = {}
lock = threading.Lock()


def work(order_id: str) -> None:
    journal = Journal(order_id)
    name = f"{order_id}0" if MANNER == "liar" else order_id
    if "back" not in journal.facts and forward(name, journal) is None:
        states[order_id] = "BOOKED"
        if MANNER == "lingers":
            time.sleep(0.3)
            Participant("INVENTORY", order_id).ask("POST", "/reservations", f"{order_id}:again")
        return
    journal.note("back")
    states[order_id] = "FAILED" if back(name, journal) else "STUCK"


def begin(order_id: str) -> threading.Thread:
    states[order_id] = "PENDING"
    thread = threading.Thread(target=work, args=(order_id,), daemon=True)
    thread.start()
    return thread


def ordered(reference: str) -> str:
    """The order of a client's reference; numbered from 1 in each store."""
    note = STORE / f"{reference}.reference"
    with lock:
        if note.exists() and MANNER != "forgets":
            return note.read_text()
        order_id = f"order-{len(list(STORE.glob('*.journal'))) + 1}"
        Journal(order_id).note("known")
        note.write_text(order_id)
        thread = begin(order_id)
    if MANNER == "sync":
        thread.join()
    return order_id


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        order_id = ordered(asked["reference"])
        self._answer(201, {} if MANNER == "silent" else {"order": {"id": order_id}})

    def do_GET(self) -> None:
        state = states.get(self.path.rpartition("/")[2])
        told = {"order": {"state": state, "why": {"error": "refused", "pid": os.getpid()}}}
        self._answer(404 if state is None else 200, told)

    def log_message(self, *args: object) -> None: ...

    def _answer(self, status: int, body: Mapping[str, object]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    for path in sorted(STORE.glob("*.journal")):
        begin(path.stem)
    server.serve_forever()
