"""What only a store on the other side of a connection can do: commit, and not say so."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from scenarios.orchestrator import (
    Entry,
    Lease,
    PostgresLog,
    SagaRecord,
    SagaState,
    SyncDurableOrchestrator,
)
from scenarios.orchestrator.sql_log import Execute
from scenarios.order_fulfilment.durable_order import DURABLE, LOG_URL, open_log
from tests.unit.scenarios.desk import ORDER
from tests.unit.scenarios.postgres import Postgres
from tests.unit.scenarios.test_durable import ALL, FAST, URLS, Services

T = TypeVar("T")


class Forgetful(PostgresLog):
    """Loses the connection after every commit, before it could tell."""

    lost = 0
    told = True

    def _transact(self, work: Callable[[Execute], T]) -> T:
        import psycopg  # noqa: PLC0415 - an extra, imported late

        result = super()._transact(work)
        self.told = not self.told
        if not self.told:
            self.lost += 1
            raise psycopg.OperationalError("the connection is lost")
        return result


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_schema()


def test_a_saga_is_kept_once_although_no_commit_is_acknowledged_at_first(url: str) -> None:
    services = Services()
    with Forgetful(url) as log, httpx.Client(transport=httpx.MockTransport(services)) as client:
        orchestrator = SyncDurableOrchestrator(client, URLS, log, [DURABLE], policy=FAST)
        status = orchestrator.status(orchestrator.start(DURABLE, ORDER, saga_id="s"))
        assert log.lost > 10
    assert status.state is SagaState.COMPLETED
    assert services.left() == ALL
    assert len(services.seen) == 3
    with PostgresLog(url) as log:
        assert len(log.read("s")) == 8
        assert log.acquire("s", "next", 1.0) == Lease(saga_id="s", owner="next", token=2)


def test_a_connection_that_was_cut_is_made_again(url: str, postgres: Postgres) -> None:
    with PostgresLog(url) as log:
        log.create(SagaRecord(saga_id="s", saga_type="Any", steps="a", data="{}"))
        lease = log.acquire("s", "a", 100.0)
        assert isinstance(lease, Lease)
        postgres.run(
            postgres.url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        log.append(lease, Entry(seq=1, event="one"), 100.0)
        assert log.read("s") == ("one",)


def test_a_store_that_is_away_is_no_saga_that_goes_on(tmp_path: Path) -> None:
    import psycopg  # noqa: PLC0415 - an extra, imported late

    with pytest.raises(psycopg.OperationalError):
        PostgresLog(f"postgresql://tests@/postgres?host={tmp_path}")


def test_the_environment_chooses_the_store(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOG_URL, url)
    with open_log(tmp_path) as log:
        assert isinstance(log, PostgresLog)
    monkeypatch.delenv(LOG_URL)
    with open_log(tmp_path) as log:
        assert not isinstance(log, PostgresLog)
    assert (tmp_path / "saga.db").exists()
