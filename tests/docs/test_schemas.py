"""docs/schemas: up to date, and real files are valid by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from harness.json_files import pretty
from tests.docs.schemas import FILES, FOLDER, schema
from tests.unit.cli.console import FIRST_SAGA, saga_chaos
from tests.unit.reports.samples import failing, inconclusive, passing, report


def validator(name: str) -> Draft202012Validator:
    read = json.loads((FOLDER / name).read_text())
    Draft202012Validator.check_schema(read)
    return Draft202012Validator(read)


def problems(name: str, content: object) -> list[str]:
    return [f"{one.json_path}: {one.message}" for one in validator(name).iter_errors(content)]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a real campaign wrote: guided, drawn, shrunk and minimised runs."""
    folder = tmp_path_factory.mktemp("schemas")
    arguments = ["--depth", "1", "--examples", "5", "--no-stored", "--out", "out"]
    assert saga_chaos(["run", str(FIRST_SAGA), *arguments], folder).returncode == 1
    return folder / "out"


@pytest.mark.parametrize("name", FILES)
def test_it_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_bytes() == schema(name), "python -m tests.docs.schemas writes it anew"


def test_a_real_report_is_valid(out: Path) -> None:
    assert problems("report.schema.json", json.loads((out / "report.json").read_text())) == []


def test_reports_of_every_kind_are_valid() -> None:
    given = report(failing(), passing(), inconclusive())
    assert problems("report.schema.json", json.loads(pretty(given))) == []


def test_every_line_of_a_real_campaign_is_valid(out: Path) -> None:
    check = validator("runs.schema.json")
    lines = [json.loads(line) for line in (out / "runs.ndjson").read_text().splitlines()]
    assert {line["type"] for line in lines} >= {"campaign", "began", "run", "ended"}
    assert [error.message for line in lines for error in check.iter_errors(line)] == []


WRONG: dict[str, Any] = {
    "a verdict that is none": ("verdict", "passed"),
    "scenarios by name": ("scenarios", {"order": {}}),
    "a duration in words": ("duration_s", "3 s"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_report_that_is_none_is_refused(case: str) -> None:
    key, value = WRONG[case]
    content = json.loads(pretty(report(passing())))
    assert problems("report.schema.json", {**content, key: value}) != []
    del content["scenarios"]
    assert problems("report.schema.json", content) == ["$: 'scenarios' is a required property"]


@pytest.mark.parametrize(
    "line",
    [
        {"type": "run"},
        {"type": "walk"},
        {"type": "began", "scenario": "order"},
        {"type": "began", "scenario": 0, "extra": 1},
    ],
)
def test_a_line_that_is_none_is_refused(line: dict[str, object]) -> None:
    assert problems("runs.schema.json", line) != []


def test_a_newer_report_may_have_more_keys() -> None:
    content = json.loads(pretty(report(passing())))
    assert problems("report.schema.json", {**content, "new": 1}) == []
