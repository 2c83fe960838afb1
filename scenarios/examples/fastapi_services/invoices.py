"""Invoices, in PostgreSQL. Its weakness: it looks and writes in one transaction, and takes no lock.

READ COMMITTED, the default, shows neither of two transactions at once what the other one writes.
"""
# mypy: ignore-errors

import time

import psycopg
from private_postgres import running
from service import FIXED, FOLDER, serve

THINKS_S = 0.05
_SCHEMA = """
CREATE TABLE IF NOT EXISTS invoice (
    number SERIAL PRIMARY KEY, saga_id TEXT NOT NULL, key TEXT NOT NULL, held BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE TABLE IF NOT EXISTS undone (saga_id TEXT PRIMARY KEY);
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"


class Store:
    """What was invoiced, and the sagas that were undone."""

    def __init__(self, url):
        self.url = url
        with self.open() as store:
            store.execute(_SCHEMA)

    def open(self):
        return psycopg.connect(self.url)

    def held(self, saga_id):
        with self.open() as store:
            found = store.execute(
                "SELECT number FROM invoice WHERE saga_id = %s AND held ORDER BY number", (saga_id,)
            )
            return [str(number) for (number,) in found]

    def undo(self, saga_id):
        with self.open() as store:
            store.execute(_LOCK, (saga_id,))
            store.execute("INSERT INTO undone VALUES (%s) ON CONFLICT DO NOTHING", (saga_id,))
            store.execute("UPDATE invoice SET held = FALSE WHERE saga_id = %s", (saga_id,))


def create(store, saga_id, key):
    with store.open() as transaction:
        if FIXED:
            transaction.execute(_LOCK, (saga_id,))
        found = transaction.execute("SELECT number FROM invoice WHERE key = %s", (key,)).fetchone()
        if found:
            return str(found[0])
        if transaction.execute("SELECT 1 FROM undone WHERE saga_id = %s", (saga_id,)).fetchone():
            return None
        time.sleep(THINKS_S)  # the tax is looked up
        made = "INSERT INTO invoice (saga_id, key) VALUES (%s, %s) RETURNING number"
        return str(transaction.execute(made, (saga_id, key)).fetchone()[0])


with running(FOLDER) as url:
    serve("/invoices", Store(url), create)
