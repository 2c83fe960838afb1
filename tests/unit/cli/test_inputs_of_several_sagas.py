"""Sagas of one run with inputs of their own, from `saga.toml` to the counterexample and back.

Each looks whether the other's seat is free, and books its own: only two with different inputs race.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.report_model import read_failure
from reports.snippets import pytest_function
from tests.unit.cli.console import saga_chaos

TOML = """
format_version = 1
name = "seats"

[saga]
adapter = "callable"
target = "sagas.py:book"
inputs = [{ mine = "1", other = "1" }]

[saga.overlap]
preemptions = 1
inputs = [{ mine = "1", other = "2", card = "4929-1" }, { mine = "2", other = "1", card = "4929-2" }]

[participants.hall.resources.seat]
kind = "state"
states = ["free", "booked"]
get = "GET /seats/{id}"
at_most = { booked = 1 }

[participants.hall.resources.seat.transitions]
book = { route = "PUT /seats/{id}", from = "free", to = "booked" }
free = { route = "PUT /seats/{id}", from = "booked", to = "free", undoes = "book" }

[[steps]]
name = "book"
action = "hall.seat.book"
compensation = "hall.seat.free"
"""
SAGA = """
async def book(ctx, given):
    name = {"saga_id": ctx.saga_id}
    seats = ctx.urls["hall"] + "/seats/"
    seen = await ctx.client.get(seats + given["other"], params=name)
    if not seen.is_success or seen.json()["state"] != "free":
        return {"status": "compensated", "detail": {"error": "only one of the two"}}
    body = {**name, "state": "booked"}
    key = {"Idempotency-Key": ctx.saga_id + ":book"}
    booked = await ctx.client.put(seats + given["mine"], json=body, headers=key)
    return {"status": "completed" if booked.is_success else "stuck"}
"""
RUN = ["run", "saga.toml", "--search", "guided", "--depth", "1", "--only", "isolation", "--out", "out"]
PREEMPTED = "preempt: saga 1 is held at its call 1 of hall.seat.book, and saga 2 runs to its end"


@pytest.fixture
def seats(tmp_path: Path) -> Path:
    (tmp_path / "saga.toml").write_text(TOML)
    (tmp_path / "sagas.py").write_text(SAGA)
    return tmp_path


def test_it_is_found_replayed_and_pasted(seats: Path) -> None:
    ran = saga_chaos([*RUN, "--no-stored"], seats)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    for line in (
        PREEMPTED,
        "2 sagas, each with its own input, otherwise one after the other",
        'saga 2 has the input {"mine":"2","other":"1","card":"4929-2"}',
        'The input of saga 1: {"mine":"1","other":"2","card":"4929-1"}',
    ):
        assert line in ran.stdout, ran.stdout
    (path,) = (seats / "out/failures").glob("*.json")
    failure = read_failure(path)
    assert failure.plan.other_inputs == ({"mine": "2", "other": "1", "card": "4929-2"},)
    page = (seats / "out/report.html").read_text()
    assert "each with its own input" in page
    lines = [json.loads(line) for line in (seats / "out/runs.ndjson").read_text().splitlines()]
    runs = [line for line in lines if line["type"] == "run" and line.get("sagas") == 2]
    assert {str(line.get("other_inputs")) for line in runs} == {"None", "[1]", "[2]"}, (
        "the first is of no race"
    )
    again = saga_chaos(["replay", str(path)], seats)
    assert (again.returncode, "STILL FAILS" in again.stdout) == (1, True), again.stdout
    assert 'saga 2 has the input {"mine":"2"' in again.stdout
    (seats / "test_it.py").write_text(pytest_function(failure))
    assert "write skew" in pasted(seats)


def pasted(folder: Path) -> str:
    """What pytest says of the function that was copied."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    return ran.stdout


def test_what_is_secret_is_hidden_in_every_input(seats: Path) -> None:
    text = TOML.replace('adapter = "callable"', 'adapter = "callable"\nredact = ["card"]')
    (seats / "saga.toml").write_text(text)
    ran = saga_chaos([*RUN, "--no-stored"], seats)
    assert 'saga 2 has the input {"mine":"2","other":"1","card":' in ran.stdout
    shown = "".join(
        one.read_text()
        for one in (seats / "out").rglob("*")
        if one.is_file()
        and one.parent.name != "failures"
        and one.suffix in (".html", ".ndjson", ".xml", ".md")
    )
    assert "4929" not in ran.stdout + shown
    (path,) = (seats / "out/failures").glob("*.json")
    test = pytest_function(read_failure(path), str(path))
    assert "4929" not in test
    (seats / "test_it.py").write_text(test)
    assert "write skew" in pasted(seats)


def test_it_is_kept_and_tried_first_and_a_search_goes_on_where_it_was_cut_off(seats: Path) -> None:
    assert saga_chaos(RUN, seats).returncode == 1
    runs = seats / "out/runs.ndjson"
    before = json.loads((seats / "out/report.json").read_text())["scenarios"][0]
    lines = runs.read_bytes().splitlines(keepends=True)
    runs.write_bytes(b"".join(lines[: len(lines) // 2]))
    assert saga_chaos(["run", "--resume", "out"], seats).returncode == 1
    after = json.loads((seats / "out/report.json").read_text())["scenarios"][0]
    assert after["invariants"] == before["invariants"]
    kept = saga_chaos([*RUN[:-1], "again"], seats)
    assert kept.returncode == 1, kept.stdout
    stored = json.loads((seats / "again/report.json").read_text())["scenarios"][0]["search"]["stored"]
    assert stored == {"tried": 1, "failing": 1}
    (seats / "saga.toml").write_text(TOML.replace('mine = "2"', 'mine = "3"'))
    gone = saga_chaos([*RUN[:-1], "gone"], seats)
    assert gone.returncode in (1, 3), gone.stdout
    stored = json.loads((seats / "gone/report.json").read_text())["scenarios"][0]["search"]["stored"]
    assert stored["tried"] == 0, "its input is no longer one of the scenario"
