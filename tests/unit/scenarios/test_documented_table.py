"""`python -m scenarios.documented`: the table is made from a report, and a report is held against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.plan import Fault
from harness.report_model import (
    FailureFile,
    Invariant,
    Report,
    ScenarioRef,
    ScenarioReport,
    ScenarioVerdict,
    Verdict,
    write_failure,
    write_report,
)
from scenarios import documented
from scenarios.documented import HARDENED, SUFFIX, fault_words, main, page, table

NEW = "isolation"
WIKI = "wiki-generation"
AS_DOCUMENTED = f"{WIKI}{SUFFIX}"
PARALLEL = f"{WIKI}-parallel"


def written(out: Path, *, without: str = "", passes: str = "", breaks: str = "", more: str = "") -> Path:
    """Reports that say what the table says, but for these scenarios; each in a folder of its own."""
    for row in table():
        found = [(one.invariant, one.faults) for one in row.found]
        if row.name == more:
            found.append((NEW, found[0][1]))
        for id_, plan in found:
            failure = FailureFile(
                scenario=ScenarioRef(name=row.name, reference=row.name),
                world="sim",
                plan=plan,
                saga_id="s",
                invariant=id_,
            )
            write_failure(failure, out / row.name / f"{id_}.json")
        violated = tuple(
            Invariant(id=id_, verdict=Verdict.VIOLATED, failure=f"{id_}.json") for id_, _ in found
        )
        verdict = ScenarioVerdict.PASS if row.name == passes else ScenarioVerdict.FAIL
        write_one(out, row.name, verdict, violated)
        for name in row.hardened:
            judged = Verdict.VIOLATED if name == breaks else Verdict.HELD
            write_one(out, name, ScenarioVerdict.PASS, (Invariant(id="termination", verdict=judged),))
    if without:
        (out / without / "report.json").unlink()
    return out


def write_one(out: Path, name: str, verdict: ScenarioVerdict, invariants: tuple[Invariant, ...]) -> None:
    one = ScenarioReport(name=name, world="sim", verdict=verdict, invariants=invariants)
    write_report(Report(verdict=verdict, scenarios=(one,)), out / name / "report.json")


def test_a_run_that_says_the_same_is_right(tmp_path: Path) -> None:
    assert main(["check", str(written(tmp_path))]) == 0


@pytest.mark.parametrize(
    ("differs", "said"),
    [
        ({"passes": AS_DOCUMENTED}, f"{AS_DOCUMENTED} must fail, and its verdict is pass"),
        ({"breaks": PARALLEL}, f"{PARALLEL} must hold, and violates termination"),
        (
            {"more": AS_DOCUMENTED},
            f"{AS_DOCUMENTED} violates {NEW}, which the table does not say; write it anew",
        ),
    ],
)
def test_a_run_that_says_otherwise_is_told(
    differs: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(written(tmp_path, **differs))]) == 1
    assert capsys.readouterr().err == f"{said}\n"


def test_what_was_not_searched_is_not_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(written(tmp_path, without=WIKI, breaks=WIKI))]) == 0
    assert f"\n{PARALLEL} " in capsys.readouterr().out
    assert main(["check", str(tmp_path / "nothing")]) == 1


def test_the_names_of_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["names", WIKI]) == 0
    assert capsys.readouterr().out.split() == [AS_DOCUMENTED, WIKI, PARALLEL]
    assert main(["names"]) == 0
    assert len(capsys.readouterr().out.split()) == len(HARDENED) + sum(map(len, HARDENED.values()))
    assert main(["names", "wiki"]) == 1
    assert capsys.readouterr().err.startswith("document: found 'wiki', expected one of order-fulfilment, ")


def test_what_a_run_found_takes_the_place_of_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, rows = tmp_path / "kept.json", table()
    kept.write_bytes(documented.TABLE.read_bytes())
    monkeypatch.setattr(documented, "TABLE", kept)
    monkeypatch.setattr(documented, "PAGE", tmp_path / "page.md")
    assert main(["write", str(written(tmp_path / "out", more=AS_DOCUMENTED))]) == 0
    for old, new in zip(rows, table(), strict=True):
        more = [NEW] if old.document == WIKI else []
        assert [one.invariant for one in new.found] == [*(one.invariant for one in old.found), *more]
    assert (tmp_path / "page.md").read_text() == page(table())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(kind="lose_request", operation="a.b.create"), "lose_request at a.b.create (the request never"),
        (
            Fault(kind="late", operation="a.b.create", nth=2, variant="after_undo"),
            "late (after undo) at a.b.create, call 2 (",
        ),
        (Fault(kind="reject", operation="a.b.create", count=3), "reject at a.b.create, 3 times ("),
    ],
)
def test_a_fault_in_words(fault: Fault, words: str) -> None:
    assert fault_words(fault).startswith(words)
