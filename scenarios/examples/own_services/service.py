"""What the three services share: HTTP, and a SQLite store that outlives a SIGKILL. Nothing but Python.

`python3 payments.py PORT STORE` serves; with FIXED=1 in the environment, without its weakness.
"""
# mypy: ignore-errors

import itertools
import json
import os
import sqlite3
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

FIXED = os.environ.get("FIXED") == "1"
BUSY_S = 5.0

_numbers = itertools.count(1)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS made (
    id TEXT PRIMARY KEY, saga_id TEXT NOT NULL, key TEXT NOT NULL, held INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS undone (saga_id TEXT PRIMARY KEY);
"""


def new_id():
    """Of no other process, and so of none before a restart."""
    return f"{os.getpid()}-{next(_numbers)}"


class Store:
    """One table of what was made, one of the sagas that were undone: a create that comes after is refused."""

    def __init__(self, path):
        self.path = path
        with closing(self.open()) as store:
            store.executescript(_SCHEMA)

    def open(self):
        """A connection in which each transaction is begun by hand."""
        store = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        store.execute("PRAGMA journal_mode = WAL")
        return store

    def by_key(self, key):
        with closing(self.open()) as store:
            found = store.execute("SELECT id FROM made WHERE key = ?", (key,)).fetchone()
        return found and found[0]

    def undone(self, saga_id):
        with closing(self.open()) as store:
            return store.execute("SELECT 1 FROM undone WHERE saga_id = ?", (saga_id,)).fetchone() is not None

    def insert(self, id_, saga_id, key):
        with closing(self.open()) as store:
            store.execute("INSERT INTO made (id, saga_id, key) VALUES (?, ?, ?)", (id_, saga_id, key))
        return id_

    def create(self, saga_id, key):
        """As it should be: look and write in one transaction. The status, and the id."""
        with closing(self.open()) as store:
            store.execute("BEGIN IMMEDIATE")
            found = store.execute("SELECT id FROM made WHERE key = ?", (key,)).fetchone()
            if found:
                store.execute("ROLLBACK")
                return 201, found[0]
            if store.execute("SELECT 1 FROM undone WHERE saga_id = ?", (saga_id,)).fetchone():
                store.execute("ROLLBACK")
                return 409, None
            made = new_id()
            store.execute("INSERT INTO made (id, saga_id, key) VALUES (?, ?, ?)", (made, saga_id, key))
            store.execute("COMMIT")
            return 201, made

    def undo(self, saga_id):
        with closing(self.open()) as store:
            store.execute("BEGIN IMMEDIATE")
            store.execute("INSERT OR IGNORE INTO undone VALUES (?)", (saga_id,))
            store.execute("UPDATE made SET held = 0 WHERE saga_id = ?", (saga_id,))
            store.execute("COMMIT")

    def held(self, saga_id):
        with closing(self.open()) as store:
            found = store.execute("SELECT id FROM made WHERE saga_id = ? AND held ORDER BY rowid", (saga_id,))
            return [{"id": id_} for (id_,) in found]


def serve(create, *, made_at, undone_at=""):
    """create(store, saga_id, key) answers a status and an id. made_at, undone_at: `POST /charges`."""
    port, store = int(sys.argv[1]), Store(Path(sys.argv[2]))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self):
            address = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            saga_id = body.get("saga_id") or parse_qs(address.query).get("saga_id", [""])[0]
            route = f"{self.command} {address.path}"
            if route == made_at:
                status, id_ = create(store, saga_id, self.headers["Idempotency-Key"])
                self.answer(status, {"id": id_} if id_ else {"error": "undone before it arrived"})
            elif route == undone_at:
                store.undo(saga_id)
                self.answer(200, {"saga_id": saga_id})
            elif route == made_at.replace("POST", "GET"):
                self.answer(200, {"items": store.held(saga_id)})
            else:
                self.answer(200 if route == "GET /health" else 404, {})

        def answer(self, status, content):
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

        do_GET = do_POST = do_DELETE = do  # noqa: N815 - the names of the library

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
