"""A search that ends at the first violation, and the fingerprint that tells two searches apart."""

from __future__ import annotations

from pathlib import Path

from harness.campaign import CampaignOptions, run_campaign
from harness.loader import load_scenario
from harness.report_model import ScenarioReport, Verdict
from harness.scenario import Scenario

REPO = Path(__file__).parents[3]
FIRST_SAGA = str(REPO / "scenarios" / "examples" / "first_saga" / "saga.toml")
UNDO_BY_SAGA = str(REPO / "tests" / "sound" / "undo_by_saga" / "saga.toml")


def searched(reference: str, out: Path, *, until_first: bool, in_process: bool = True) -> ScenarioReport:
    options = CampaignOptions(
        out=out,
        load=load,
        narrate=lambda *_: [],
        world="sim",
        search="guided",
        depth=1,
        workers=2,
        in_process=in_process,
        until_first=until_first,
    )
    (report,) = run_campaign([load(reference)], options, lambda _: None).scenarios
    return report


def load(reference: str) -> Scenario:
    return load_scenario(reference, registered={})


def test_it_ends_at_the_first_violation_and_shrinks_that(tmp_path: Path) -> None:
    whole = searched(FIRST_SAGA, tmp_path, until_first=False)
    first = searched(FIRST_SAGA, tmp_path, until_first=True)
    assert (first.verdict, whole.verdict) == (Verdict.FAIL, Verdict.FAIL)
    assert first.runs < whole.runs / 4
    assert {one.minimal_faults for one in first.invariants if one.violations} == {1}
    assert not first.search.complete


def test_workers_that_were_busy_do_not_confuse_the_shrinking(tmp_path: Path) -> None:
    first = searched(FIRST_SAGA, tmp_path, until_first=True, in_process=False)
    assert {one.minimal_faults for one in first.invariants if one.violations} == {1}


def test_where_nothing_is_violated_nothing_is_left_out(tmp_path: Path) -> None:
    whole = searched(UNDO_BY_SAGA, tmp_path, until_first=False)
    first = searched(UNDO_BY_SAGA, tmp_path, until_first=True)
    assert first.runs == whole.runs
    assert first.fingerprint == whole.fingerprint


def test_the_fingerprint_tells_searches_apart(tmp_path: Path) -> None:
    fingerprints = {
        searched(UNDO_BY_SAGA.replace("undo_by_saga", style), tmp_path, until_first=False).fingerprint
        for style in ("undo_by_saga", "no_pivot", "undo_by_id")
    }
    assert len(fingerprints) == 3
    assert "" not in fingerprints
