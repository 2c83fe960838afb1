"""`saga-chaos mutate` as a user has it: what it lists, finds and refuses, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness.cli.mutate import exit_code
from harness.mutation.model import How, Mutant, Mutants, Status, Untried, read_mutants, score_of
from harness.report_model import ScenarioVerdict
from tests.unit.cli.console import FIRST_SAGA, REPO, SCRIPT, left_of, saga_chaos

BOOKING = REPO / "tests" / "mutants" / "booking" / "saga.toml"
TOML = BOOKING.read_text()


def test_operators_and_mutants_are_listed_without_a_search(tmp_path: Path) -> None:
    operators = saga_chaos(["mutate", "--list"], tmp_path)
    assert operators.returncode == 0
    assert "compensation_dropped" in operators.stdout
    first, again = (saga_chaos(["mutate", "--list", str(BOOKING)], tmp_path).stdout for _ in range(2))
    assert first == again
    assert "lock_dropped-" in first


def test_one_operator_is_searched_and_its_mutants_are_written(tmp_path: Path) -> None:
    source = BOOKING.with_name("order.py").read_bytes()
    done = saga_chaos(
        ["mutate", str(BOOKING), "--only", "lock_dropped", "--each", "40", "--out", "out"], tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = read_mutants(tmp_path / "out" / "mutants.json")
    assert [one.status for one in found.mutants] == [Status.KILLED] * 2
    assert found.score == 1.0
    (flock,) = [one for one in found.mutants if "flock" in one.diff]
    line = source.decode().split("fcntl.flock(")[0].count("\n") + 1
    assert (flock.invariant, flock.faults, flock.where) == ("idempotent_actions", 1, f"order.py:{line}")
    assert BOOKING.with_name("order.py").read_bytes() == source
    content = json.loads((tmp_path / "out" / "mutants.json").read_text())
    assert content["format_version"] == 1
    assert {"id", "operator", "where", "status", "invariant", "faults"} <= set(content["mutants"][0])


BAD = {
    "unknown scenario": (["nowhere"], ["'nowhere'", "expected"]),
    "no scenario": ([], ["no SCENARIO", "--list"]),
    "unknown operator": ([str(BOOKING), "--only", "lock_droped"], ["'lock_droped'", "'lock_dropped' (did"]),
    "no time": ([str(BOOKING), "--seconds", "0"], ["--seconds", "above 0"]),
    "no reasons": ([str(BOOKING), "--reasons", "none.toml"], ["none.toml", "a file to read"]),
    "a saga that fails itself": ([str(FIRST_SAGA)], ["it violates", "a saga that holds"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_a_usage_error(case: str, tmp_path: Path) -> None:
    arguments, says = BAD[case]
    done = saga_chaos(["mutate", *arguments], tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    assert all(part in done.stderr for part in says), done.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("target =", "sources = ['away.py']\ntarget ="), ["saga.sources #1", "away.py", "there is none"]),
        (
            (
                'adapter = "callable"\ntarget = "order.py:order"',
                'adapter = "subprocess"\ncommand = ["node", "x.js"]',
            ),
            ["another language", "Python"],
        ),
    ],
    ids=["a source that is not there", "another language"],
)
def test_sources_that_cannot_be_mutated(change: tuple[str, str], says: list[str], tmp_path: Path) -> None:
    (tmp_path / "saga.toml").write_text(TOML.replace(*change))
    (tmp_path / "order.py").write_bytes(BOOKING.with_name("order.py").read_bytes())
    done = saga_chaos(["mutate", "saga.toml", "--list"], tmp_path)
    assert done.returncode == 2
    assert all(part in done.stderr for part in says), done.stderr


@pytest.mark.parametrize(
    ("number", "told"),
    [(signal.SIGINT, "interrupted by the user"), (signal.SIGTERM, "ended by SIGTERM")],
)
def test_an_interrupted_session_writes_what_it_has_and_leaves_nothing(
    number: signal.Signals, told: str, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [str(SCRIPT), "mutate", str(BOOKING), "--depth", "1", "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    assert process.stdout is not None
    said = b""
    for line in process.stdout:
        said += line
        if line.startswith(b"killed"):
            break
    process.send_signal(number)
    said += process.communicate(timeout=60)[0]
    assert process.returncode == 4, said.decode()
    assert b"\nkilled" in said, said.decode()
    assert read_mutants(tmp_path / "mutants.json").environment == told
    deadline_s = time.monotonic() + 10
    while left_of(process.pid) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert left_of(process.pid) == []
    assert [one.name for one in scratch.iterdir() if "saga" in one.name] == []


def mutant(status: Status, reason: str = "") -> Mutant:
    return Mutant(id="x-1", operator="x", where="a.py:1", status=status, reason=reason, how=How.VERDICT)


KILLED, SURVIVED = mutant(Status.KILLED), mutant(Status.SURVIVED)
LATE = Untried(id="x-2", operator="x", where="a.py:2")


@pytest.mark.parametrize(
    ("mutants", "code"),
    [
        (Mutants(mutants=(KILLED,)), 0),
        (Mutants(mutants=(KILLED, mutant(Status.SURVIVED, "it may"))), 0),
        (Mutants(mutants=(KILLED, SURVIVED)), 1),
        (Mutants(mutants=(SURVIVED,), untried=(LATE,), complete=False), 1),
        (Mutants(mutants=(KILLED,), untried=(LATE,), complete=False), 3),
        (Mutants(mutants=(KILLED,), verdict=ScenarioVerdict.INCONCLUSIVE), 3),
        (Mutants(mutants=(SURVIVED,), environment="no proxy"), 4),
    ],
)
def test_the_exit_code(mutants: Mutants, code: int) -> None:
    assert exit_code(mutants) == code


def test_what_is_invalid_does_not_count() -> None:
    assert score_of([KILLED, KILLED, SURVIVED, mutant(Status.INVALID)]) == 0.6667
    assert score_of([mutant(Status.INVALID)]) == 0.0
