"""`saga-chaos run`: what is searched without a name, --only, --fail-fast and --quiet."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import cast

import pytest

from tests.unit.cli.console import saga_chaos

FIRST = Path(__file__).parents[3] / "scenarios" / "examples" / "first_saga"
SHORT = ["--search", "guided", "--depth", "1", "--out", "out"]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    for name in ("saga.toml", "sagas.py"):
        shutil.copy(FIRST / name, tmp_path / name)
    return tmp_path


def scenario_of(folder: Path) -> dict[str, object]:
    (only,) = json.loads((folder / "out" / "report.json").read_text())["scenarios"]
    return cast("dict[str, object]", only)


def test_without_a_name_the_saga_of_this_folder_is_searched(mine: Path) -> None:
    done = saga_chaos(["run", *SHORT], mine)
    assert done.returncode == 1, done.stderr
    assert scenario_of(mine)["name"] == "first-saga"


def test_only_one_invariant_is_judged_and_said_to_be(mine: Path) -> None:
    done = saga_chaos(["run", *SHORT, "--only", "bounded_retries"], mine)
    assert done.returncode == 0, done.stdout
    assert "judged by bounded_retries alone" in done.stdout
    assert "all that a pass needs" not in done.stdout
    found = scenario_of(mine)
    assert [one["id"] for one in cast("list[dict[str, str]]", found["invariants"])] == ["bounded_retries"]
    assert found["only"] == ["bounded_retries"]


def test_one_that_is_violated_still_fails_alone(mine: Path) -> None:
    done = saga_chaos(["run", *SHORT, "--only", "truthful_outcome"], mine)
    assert done.returncode == 1
    assert "VIOLATED  truthful_outcome" in done.stdout


def test_an_unknown_invariant_is_an_error_that_lists_them(mine: Path) -> None:
    done = saga_chaos(["run", *SHORT, "--only", "truthful"], mine)
    assert done.returncode == 2
    assert "found 'truthful', expected 'truthful_outcome' (did you mean it?), or one of" in done.stderr


def test_the_first_violation_ends_it_and_no_other_scenario_is_begun(mine: Path) -> None:
    shutil.copytree(mine, mine / "second", ignore=shutil.ignore_patterns("second"))
    whole = saga_chaos(["run", "saga.toml", *SHORT], mine)
    runs = cast("int", scenario_of(mine)["runs"])
    shutil.rmtree(mine / "out")
    done = saga_chaos(["run", "saga.toml", "second/saga.toml", *SHORT, "--fail-fast"], mine)
    assert (whole.returncode, done.returncode) == (1, 1)
    assert cast("int", scenario_of(mine)["runs"]) < runs


def test_quiet_is_the_verdict_and_its_counterexample(mine: Path) -> None:
    done = saga_chaos(["run", *SHORT, "--quiet"], mine)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("FAIL")
    assert lines[-1].startswith("  Replay: ")
    assert not any("searching" in line or "Guarantees" in line for line in lines)
