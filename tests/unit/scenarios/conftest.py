import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.worlds.sim import SimWorld
from scenarios.orchestrator import PostgresLog, SqliteLog
from tests.unit.scenarios.postgres import Postgres, running_postgres

Log = SqliteLog | PostgresLog


@pytest.fixture(scope="module")
def sim() -> Iterator[SimWorld]:
    with SimWorld() as world:
        yield world


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@dataclass
class Store:
    """One store. `open` makes a connection as an executor has, `wait_s` lets the store's time pass.

    open_here: the same for another thread, which closes it itself. where: for another process.
    """

    open: Callable[[], Log]
    open_here: Callable[[], Log]
    wait_s: Callable[[float], None]
    sql: Callable[[str], None]
    where: str


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened: list[Log] = []
    make = _sqlite if request.param == "sqlite" else _postgres
    made = make(request, tmp_path)

    def open_() -> Log:
        opened.append(made.open())
        return opened[-1]

    yield replace(made, open=open_)
    for log in opened:
        log.close()


def _sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    now_s = [1000.0]
    path = tmp_path / "saga.db"

    def wait_s(seconds: float) -> None:
        now_s[0] += seconds

    def sql(statement: str) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)

    def open_() -> Log:
        return SqliteLog(path, synchronous="OFF", clock=lambda: now_s[0])

    return Store(open_, open_, wait_s, sql, str(path))


class _FakeClockLog(PostgresLog):
    now = "(SELECT now_s FROM fake_clock)"


def _postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    server: Postgres = request.getfixturevalue("postgres")
    url = server.new_schema()
    server.run(url, "CREATE TABLE fake_clock AS SELECT 1000.0::double precision AS now_s")

    def open_() -> Log:
        return _FakeClockLog(url)

    def wait_s(seconds: float) -> None:
        server.run(url, f"UPDATE fake_clock SET now_s = now_s + {seconds}")

    return Store(open_, open_, wait_s, lambda statement: server.run(url, statement), url)
