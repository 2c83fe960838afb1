"""The log in both stores: nothing twice, nothing out of order, and one writer at a time."""

import itertools
import subprocess
import sys
import threading

import pytest

from scenarios.orchestrator import (
    CorruptLogError,
    Entry,
    Lease,
    LeaseLostError,
    LogConflictError,
    SagaRecord,
    Taken,
    UnknownSagaError,
)
from tests.unit.scenarios.conftest import Store

RECORD = SagaRecord(saga_id="s", saga_type="Any", steps="a", data='{"x": "é"}')
FIRST, SECOND = Entry(seq=1, event="one"), Entry(seq=2, event="two")


def taken_by(store: Store, owner: str, ttl_s: float = 100.0) -> Lease:
    lease = store.open().acquire("s", owner, ttl_s)
    assert isinstance(lease, Lease)
    return lease


@pytest.fixture
def begun(store: Store) -> Store:
    store.open().create(RECORD)
    return store


def test_the_input_that_came_first_is_kept(begun: Store) -> None:
    other = SagaRecord(saga_id="s", saga_type="Other", steps="b", data="{}")
    assert begun.open().create(other) == RECORD
    assert begun.open().find("s") == RECORD
    assert begun.open().find("other") is None


def test_entries_are_read_in_their_order_by_anybody(begun: Store) -> None:
    log, lease = begun.open(), taken_by(begun, "a")
    for seq in range(1, 13):  # more than nine: text would sort 10 before 2
        log.append(lease, Entry(seq=seq, event=f"event {seq}"), 100.0)
    assert begun.open().read("s") == tuple(f"event {seq}" for seq in range(1, 13))


def test_a_repeated_append_is_kept_once(begun: Store) -> None:
    log, lease = begun.open(), taken_by(begun, "a")
    for _ in range(2):
        log.append(lease, FIRST, 100.0)
    assert log.read("s") == ("one",)


def test_another_event_in_the_same_place_is_a_conflict(begun: Store) -> None:
    log, lease = begun.open(), taken_by(begun, "a")
    log.append(lease, FIRST, 100.0)
    with pytest.raises(LogConflictError, match="entry 1: found one by token 1, expected no entry"):
        log.append(lease, Entry(seq=1, event="other"), 100.0)


def test_an_entry_that_is_missing_is_found_out_and_blocks_no_other_saga(begun: Store) -> None:
    log, lease = begun.open(), taken_by(begun, "a")
    log.append(lease, FIRST, 100.0)
    log.append(lease, SECOND, 100.0)
    log.create(SagaRecord(saga_id="t", saga_type="Any", steps="a", data="{}"))
    begun.sql("DELETE FROM saga_events WHERE seq = 1")
    with pytest.raises(CorruptLogError, match=r"found entries \[2\], expected 1 to the last"):
        log.read("s")
    assert log.read("t") == ()
    assert log.unfinished() == ("s", "t")


def test_a_saga_that_ended_is_not_unfinished(begun: Store) -> None:
    log, lease = begun.open(), taken_by(begun, "a")
    log.append(lease, Entry(seq=1, event="end", ends=True), 100.0)
    found = log.find("s")
    assert found is not None
    assert (found.ended, log.unfinished()) == (True, ())


def test_a_lease_is_one_executors_until_it_runs_out(begun: Store) -> None:
    assert taken_by(begun, "a", 1.0).token == 1
    log = begun.open()
    assert isinstance(log.acquire("s", "b", 1.0), Taken)
    begun.wait_s(0.9)
    assert isinstance(log.acquire("s", "b", 1.0), Taken)
    begun.wait_s(0.2)
    assert log.acquire("s", "b", 1.0) == Lease(saga_id="s", owner="b", token=2)


def test_renewing_and_appending_keep_the_lease(begun: Store) -> None:
    log, other, lease = begun.open(), begun.open(), taken_by(begun, "a", 1.0)
    seen = {other.acquire("s", "b", 1.0)}
    for seq in range(1, 4):
        begun.wait_s(0.8)
        log.renew(lease, 1.0)
        seen.add(other.acquire("s", "b", 1.0))
        begun.wait_s(0.8)
        log.append(lease, Entry(seq=seq, event="x"), 1.0)
        seen.add(other.acquire("s", "b", 1.0))
    assert all(isinstance(one, Taken) for one in seen)
    assert len(seen) == 7  # each renewal shows


def test_one_that_was_fenced_out_writes_nothing_more(begun: Store) -> None:
    log, old = begun.open(), taken_by(begun, "a", 1.0)
    log.append(old, FIRST, 1.0)
    begun.wait_s(1.5)
    new = taken_by(begun, "b", 1.0)
    with pytest.raises(LeaseLostError, match="token 1 was taken over"):
        log.append(old, SECOND, 1.0)
    with pytest.raises(LeaseLostError, match="token 1 was taken over"):
        log.renew(old, 1.0)
    log.release(old)
    assert isinstance(log.acquire("s", "c", 1.0), Taken)
    begun.open().append(new, SECOND, 1.0)
    assert log.read("s") == ("one", "two")


def test_one_that_overslept_and_found_nobody_goes_on(begun: Store) -> None:
    log, lease = begun.open(), taken_by(begun, "a", 1.0)
    begun.wait_s(5.0)
    log.append(lease, FIRST, 1.0)
    assert isinstance(log.acquire("s", "b", 1.0), Taken)


def test_a_lease_given_back_is_free_and_its_token_is_not_given_again(begun: Store) -> None:
    log, lease = begun.open(), taken_by(begun, "a")
    log.release(lease)
    with pytest.raises(LeaseLostError):
        log.renew(lease, 1.0)
    assert taken_by(begun, "b").token == 2


def test_taking_a_lease_can_be_repeated(begun: Store) -> None:
    assert taken_by(begun, "a") == taken_by(begun, "a")


def test_there_is_no_lease_of_what_was_not_begun(store: Store) -> None:
    with pytest.raises(UnknownSagaError, match="found no saga 's', expected one that was created"):
        store.open().acquire("s", "a", 1.0)


def test_of_many_at_once_one_takes_the_lease(begun: Store) -> None:
    given: list[Lease | Taken] = []
    errors: list[BaseException] = []
    ready = threading.Barrier(8)

    def take(name: str) -> None:
        try:
            with begun.open_here() as log:
                ready.wait()
                given.append(log.acquire("s", name, 100.0))
        except BaseException as error:  # noqa: BLE001 - told by the thread that asserts
            errors.append(error)

    threads = [threading.Thread(target=take, args=(f"owner {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(type(one).__name__ for one in given) == ["Lease", *["Taken"] * 7]


_RACER = """
import sys, time
from pathlib import Path
from scenarios.orchestrator import Entry, Lease, PostgresLog, SqliteLog
where, owner = sys.argv[1:]
log = PostgresLog(where) if where.startswith("postgresql:") else SqliteLog(Path(where), synchronous="OFF")
print("ready", flush=True)
sys.stdin.readline()
taken, kept = 0, 0
with log:
    while kept < 40:
        lease = log.acquire("s", owner, 30.0)
        if isinstance(lease, Lease):
            taken += 1
            kept = len(log.read("s"))
            log.append(lease, Entry(seq=kept + 1, event=owner), 30.0)
            log.release(lease)
            time.sleep(0.001)
print(taken)
"""


def test_two_processes_that_race_for_the_lease_write_one_log(begun: Store) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, begun.where, owner],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for owner in ("left", "right")
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    taken = [int(racer.communicate(timeout=60)[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    kept = begun.open().read("s")
    assert len(kept) == sum(taken) > 40
    changes = sum(one != after for one, after in itertools.pairwise(kept))
    assert changes > 1, kept  # they did race
