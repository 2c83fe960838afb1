"""What can be copied from a page is Python that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.plan import Fault, FaultPlan, Lasting
from harness.report_model import FailureFile
from reports.snippets import pytest_function
from tests.unit.reports.samples import LOST_REPLY, failure

ODD: Any = {"it's": ['"', "\\", "\u202e", "\n", None, True, 1.5], "deep": {"a": ["x" * 120] * 3}}


class Recorder:
    """Stands for the fixture."""

    def __init__(self) -> None:
        self.ran: list[tuple[object, ...]] = []
        self.checked: list[object] = []

    def run(self, scenario: str, plan: FaultPlan, *, input: object, world: str) -> str:  # noqa: A002
        self.ran.append((scenario, plan, input, world))
        return "the run"

    def check(self, run: object) -> None:
        self.checked.append(run)


def executed(given: FailureFile) -> Recorder:
    names: dict[str, Any] = {}
    exec(pytest_function(given), names)
    recorder = Recorder()
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    test(recorder)
    return recorder


PLANS = (
    FaultPlan(),
    LOST_REPLY,
    FaultPlan((Fault(kind="refuse", operation="a.b.create", nth=2, count=Lasting.FOR_EVER),)),
    LOST_REPLY.with_fault(Fault(kind="late", operation="a.b.create", count=3, variant="after_undo")),
)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("given", [None, ODD])
def test_it_runs_the_same_plan_with_the_same_input(plan: FaultPlan, given: Any) -> None:
    recorder = executed(msgspec.structs.replace(failure(plan=plan), input=given))
    assert recorder.ran == [("order", plan, given, "sim")]
    assert recorder.checked == ["the run"]


@pytest.mark.parametrize("name", ["a b/c", "9 lives", "<script>", "import", "x\ny", 'q"'])
def test_whatever_a_scenario_is_called(name: str) -> None:
    named = msgspec.structs.replace(failure().scenario, name=name, reference=name)
    recorder = executed(msgspec.structs.replace(failure(), scenario=named))
    assert recorder.ran[0][0] == name


def test_nothing_is_imported_that_is_not_used() -> None:
    assert pytest_function(failure()).startswith("from harness.plan import Fault, FaultPlan\n")


def test_what_the_saga_does_not_claim_is_said() -> None:
    told = pytest_function(msgspec.structs.replace(failure(), unclaimed=("process_death",)))
    assert "which the saga does not claim" in told


@pytest.mark.parametrize("one", list(Lasting))
def test_a_fault_pastes_back(one: Lasting) -> None:
    fault = Fault(kind="refuse", operation="a.b.create", count=one)
    assert eval(repr(fault), {"Fault": Fault, "Lasting": Lasting}) == fault


def test_a_path_below_this_folder_is_told_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So that it runs in another checkout, too."""
    monkeypatch.chdir(tmp_path)
    for reference, told in (
        (f"{tmp_path}/shop/saga.toml", "shop/saga.toml"),
        (f"{tmp_path}/sagas.py:ORDER", "sagas.py:ORDER"),
        ("/elsewhere/saga.toml", "/elsewhere/saga.toml"),
        ("order-fulfilment", "order-fulfilment"),
    ):
        named = msgspec.structs.replace(failure().scenario, reference=reference)
        assert executed(msgspec.structs.replace(failure(), scenario=named)).ran[0][0] == told


def test_an_input_with_secrets_is_read_from_the_failure_file(tmp_path: Path) -> None:
    file = tmp_path / "failure.json"
    file.write_text('{"input": {"card": "4242"}}')
    given = msgspec.structs.replace(failure(), input={"card": "4242"}, shown_input={"card": "***"})
    text = pytest_function(given, file.as_posix())
    assert "4242" not in text
    names: dict[str, Any] = {}
    exec(text, names)
    recorder = Recorder()
    next(value for name, value in names.items() if name.startswith("test_"))(recorder)
    assert recorder.ran[0][2] == {"card": "4242"}
