from __future__ import annotations

import json
from dataclasses import replace as named
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harness.errors import EnvironmentFault, ReportError
from harness.report_model import (
    ScenarioVerdict,
    exit_code,
    read_failure,
    read_report,
    worst,
    write_failure,
    write_report,
)
from tests.unit.reports.samples import failing, failure, inconclusive, passing, report


def test_report_comes_back_as_it_was(tmp_path: Path) -> None:
    given = report(failing(), passing(), inconclusive())
    write_report(given, tmp_path / "report.json")
    assert read_report(tmp_path / "report.json") == given


def test_failure_comes_back_with_its_plan_in_the_plans_own_form(tmp_path: Path) -> None:
    path = tmp_path / "failures" / "one.json"
    write_failure(failure(), path)
    assert read_failure(path) == failure()
    assert json.loads(path.read_text())["plan"] == [
        {"kind": "lose_reply", "operation": "payments.charge.create", "nth": 1, "count": 1, "variant": ""}
    ]


def test_a_report_names_the_saga_of_a_fault_only_where_the_fault_does(tmp_path: Path) -> None:
    given = report(failing(), passing(), inconclusive())
    (fault,) = (one for scenario in given.scenarios for one in scenario.unfired)
    for saga in (None, 2):
        scenarios = tuple(replace(one, unfired=(named(fault, saga=saga),)) for one in given.scenarios)
        write_report(replace(given, scenarios=scenarios), tmp_path / "report.json")
        assert read_report(tmp_path / "report.json").scenarios == scenarios
        written = json.loads((tmp_path / "report.json").read_text())["scenarios"][0]["unfired"][0]
        assert written.get("saga", "left out") == ("left out" if saga is None else saga)


def test_report_has_every_key_of_the_contract(tmp_path: Path) -> None:
    write_report(report(failing()), tmp_path / "report.json")
    written = json.loads((tmp_path / "report.json").read_text())
    assert {"format_version", "tool", "verdict", "duration_s", "proxy", "scenarios"} <= set(written)
    one = written["scenarios"][0]
    assert {"name", "saga", "world", "verdict", "runs", "search", "invariants", "faults"} <= set(one)
    assert {"situations", "guarantees", "compensation_latency_s"} <= set(one)
    assert {"id", "verdict", "runs", "violations", "minimal_faults", "failure"} <= set(one["invariants"][0])


def test_report_with_the_core_alone_and_a_newer_key_can_be_read(tmp_path: Path) -> None:
    core = {"format_version": 1, "verdict": "pass", "scenarios": [], "shard": "1/3"}
    path = tmp_path / "report.json"
    path.write_text(json.dumps(core))
    assert read_report(path).verdict is ScenarioVerdict.PASS


def change(content: Any, place: str, value: object) -> None:
    *parents, last = place.split(".")
    for part in parents:
        content = content[int(part) if part.isdigit() else part]
    content[last] = value


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("format_version", 2, "format_version: found 2, expected 1"),
        ("verdict", "passed", "verdict: found 'passed', expected 'pass' (did you mean it?)"),
        ("scenarios.0.runs", "many", "scenarios[0].runs: found 'many', expected a whole number"),
        ("scenarios.0.world", "simm", "scenarios[0].world: found 'simm', expected 'sim' (did you mean it?)"),
        ("scenarios.0.invariants.0.verdict", "hold", "expected 'held' (did you mean it?)"),
        ("scenarios.0.unfired", 3, "scenarios[0].unfired: found 3, expected a list"),
    ],
)
def test_a_wrong_report_is_refused_by_place(tmp_path: Path, place: str, value: object, said: str) -> None:
    path = tmp_path / "report.json"
    write_report(report(failing()), path)
    content = json.loads(path.read_text())
    change(content, place, value)
    path.write_text(json.dumps(content))
    with pytest.raises(ReportError) as caught:
        read_report(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("plam", [], "key: found 'plam', expected 'plan' (did you mean it?)"),
        ("plan", [{"kind": "late"}], "plan, fault 1, operation: found None, expected a text"),
        ("evidence", ["x"], "evidence[0]: found 'x', expected a whole number"),
        ("scenario", {"name": "order"}, "scenario: found 'no key reference', expected a key reference"),
        ("search", {"sed": 1}, "search: found 'sed', expected 'seed' (did you mean it?)"),
    ],
)
def test_a_wrong_failure_file_is_refused_by_place(tmp_path: Path, key: str, value: object, said: str) -> None:
    path = tmp_path / "one.json"
    write_failure(failure(), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ReportError) as caught:
        read_failure(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"null"])
def test_what_is_no_report_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(ReportError, match=r"report\.json: found .* expected"):
        read_report(path)


def test_a_folder_that_takes_nothing_is_an_environment_fault(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(EnvironmentFault) as caught:
        write_report(report(passing()), tmp_path / "out" / "report.json")
    assert str(tmp_path / "out") in str(caught.value)
    assert "expected a folder that can be written to" in str(caught.value)


def test_a_write_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_report(report(passing()), tmp_path / "report.json")
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_worst_and_exit_codes() -> None:
    assert (
        worst([ScenarioVerdict.PASS, ScenarioVerdict.INCONCLUSIVE, ScenarioVerdict.FAIL])
        is ScenarioVerdict.FAIL
    )
    assert worst([ScenarioVerdict.PASS, ScenarioVerdict.INCONCLUSIVE]) is ScenarioVerdict.INCONCLUSIVE
    assert worst([ScenarioVerdict.PASS]) is ScenarioVerdict.PASS
    assert worst([]) is ScenarioVerdict.INCONCLUSIVE
    assert [
        exit_code(one) for one in (ScenarioVerdict.PASS, ScenarioVerdict.FAIL, ScenarioVerdict.INCONCLUSIVE)
    ] == [0, 1, 3]
