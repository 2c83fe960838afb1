from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harness.report_model import ScenarioRef, ScenarioVerdict, write_report
from reports.annotations import campaign_annotations, gate_annotations
from reports.bundle import Bundle, Violation
from reports.gate import gate_folder
from tests.unit.reports.samples import failing, failure, inconclusive, passing, report
from tests.unit.reports.test_gate import TODAY

SAGA = '"""A saga."""\n\nRETRIES = 3\n\n\nasync def order(ctx, item):\n    return None\n'


def annotated(reference: str, saga: str) -> str:
    """The first annotation of a failing scenario that was loaded from there."""
    one = msgspec.structs.replace(failing(), saga=saga)
    found = msgspec.structs.replace(failure(), scenario=ScenarioRef(name="order", reference=reference))
    violation = Violation(scenario=one, invariant=one.invariants[0], failure=found)
    bundle = Bundle(report=report(one), folder=Path("out"), violations=(violation,), histories={})
    return next(iter(campaign_annotations(bundle)))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "sagas.py").write_text(SAGA)
    (tmp_path / "shop" / "saga.toml").write_text("format_version = 1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("reference", "saga", "place"),
    [
        ("shop/saga.toml", "sagas.py:order", "file=shop/sagas.py,line=6,"),
        ("shop/saga.toml", "sagas.py:gone", "file=shop/sagas.py,line=1,"),
        ("shop/saga.toml", "node saga.js", "file=shop/saga.toml,line=1,"),
        ("shop/sagas.py:order", "order", "file=shop/sagas.py,line=6,"),
        ("order-fulfilment", "order", ""),
        ("../elsewhere/saga.toml", "sagas.py:order", ""),
        ("shop.sagas:order", "order", ""),
        ("\0:x", "\0:x", ""),
    ],
)
def test_it_stands_where_the_saga_does(project: Path, reference: str, saga: str, place: str) -> None:
    found = annotated(reference, saga)
    assert found.startswith(f"::error {place}title=no_orphaned_resources is violated in order (sim)::")
    assert "%0Alose_reply at payments.charge.create, call 1" in found
    assert found.endswith("%0AReplay: saga-chaos replay out/failures/order-sim-no_orphaned_resources.json")


def test_what_is_missing_is_a_warning_and_a_broken_machine_an_error() -> None:
    given = msgspec.structs.replace(report(inconclusive(), passing()), environment="the disk is full")
    lines = [*campaign_annotations(Bundle(report=given, folder=Path("out"), violations=(), histories={}))]
    assert len(lines) == 2
    assert lines[0].startswith("::warning title=shipping (sim) is inconclusive::")
    assert lines[1] == "::error title=The machine cut it short::the disk is full"


def test_the_gate_adds_what_the_run_has_not_told(tmp_path: Path) -> None:
    write_report(report(failing(), inconclusive()), tmp_path / "report.json")
    (tmp_path / "chaos.toml").write_text("max_p95_s = 1\nallow_inconclusive = true\n")
    found = gate_folder(tmp_path, tmp_path / "chaos.toml", TODAY)
    assert found.verdict is ScenarioVerdict.FAIL
    assert len([one for one in found.checks if one.what == "no_orphaned_resources"]) == 1, "the run told it"
    assert [*gate_annotations(found)] == [
        "::error title=order (sim)%3A latency p95::p95 is 5.00 s, the policy allows 1.00 s",
        (
            "::warning title=shipping (sim)%3A latency p95::"
            "no compensation was measured; the policy allows 1.00 s"
        ),
    ]
