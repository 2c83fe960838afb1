"""A store in SQLite, which outlives a SIGKILL."""
# mypy: ignore-errors

import sqlite3
from contextlib import closing

from service import new_id

BUSY_S = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS made (
    id TEXT PRIMARY KEY, saga_id TEXT NOT NULL, key TEXT NOT NULL, held INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS undone (saga_id TEXT PRIMARY KEY);
"""


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
        return next(iter(self._ask("SELECT id FROM made WHERE key = ?", key)), None)

    def undone(self, saga_id):
        return bool(self._ask("SELECT saga_id FROM undone WHERE saga_id = ?", saga_id))

    def held(self, saga_id):
        return self._ask("SELECT id FROM made WHERE saga_id = ? AND held ORDER BY rowid", saga_id)

    def insert(self, id_, saga_id, key):
        with closing(self.open()) as store:
            store.execute("INSERT INTO made (id, saga_id, key) VALUES (?, ?, ?)", (id_, saga_id, key))
        return id_

    def create(self, saga_id, key):
        """As it should be: look and write in one transaction."""
        with closing(self.open()) as store:
            store.execute("BEGIN IMMEDIATE")
            found = store.execute("SELECT id FROM made WHERE key = ?", (key,)).fetchone()
            undone = store.execute("SELECT 1 FROM undone WHERE saga_id = ?", (saga_id,)).fetchone()
            if not found and not undone:
                found = (new_id(),)
                store.execute("INSERT INTO made (id, saga_id, key) VALUES (?, ?, ?)", (*found, saga_id, key))
            store.execute("COMMIT")
        return found and found[0]

    def undo(self, saga_id):
        with closing(self.open()) as store:
            store.execute("BEGIN IMMEDIATE")
            store.execute("INSERT OR IGNORE INTO undone VALUES (?)", (saga_id,))
            store.execute("UPDATE made SET held = 0 WHERE saga_id = ?", (saga_id,))
            store.execute("COMMIT")

    def _ask(self, statement, value):
        with closing(self.open()) as store:
            return [one for (one,) in store.execute(statement, (value,))]
