"""A search that ends at the first violation, and the fingerprints of runs that tell two searches apart."""

from __future__ import annotations

from pathlib import Path

from harness.campaign import CampaignEvent, CampaignOptions, RunEnded, run_campaign
from harness.loader import load_scenario
from harness.report_model import ScenarioReport, ScenarioVerdict
from harness.scenario import Scenario

REPO = Path(__file__).parents[3]
FIRST_SAGA = str(REPO / "scenarios" / "examples" / "first_saga" / "saga.toml")
UNDO_BY_SAGA = str(REPO / "tests" / "sound" / "undo_by_saga" / "saga.toml")


def searched(
    reference: str, out: Path, *, until_first: bool, in_process: bool = True
) -> tuple[ScenarioReport, list[bytes]]:
    fingerprints: list[bytes] = []

    def listen(event: CampaignEvent) -> None:
        if isinstance(event, RunEnded):
            fingerprints.append(event.run_summary.fingerprint)

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
    (report,) = run_campaign([load(reference)], options, listen).scenarios
    return report, fingerprints


def load(reference: str) -> Scenario:
    return load_scenario(reference, registered={})


def test_it_ends_at_the_first_violation_and_shrinks_that(tmp_path: Path) -> None:
    whole, _ = searched(FIRST_SAGA, tmp_path, until_first=False)
    first, _ = searched(FIRST_SAGA, tmp_path, until_first=True)
    assert (first.verdict, whole.verdict) == (ScenarioVerdict.FAIL, ScenarioVerdict.FAIL)
    assert first.runs < whole.runs / 4
    assert {one.minimal_faults for one in first.invariants if one.violations} == {1}
    assert not first.search.complete


def test_workers_that_were_busy_do_not_confuse_the_shrinking(tmp_path: Path) -> None:
    first, _ = searched(FIRST_SAGA, tmp_path, until_first=True, in_process=False)
    assert {one.minimal_faults for one in first.invariants if one.violations} == {1}


def test_where_nothing_is_violated_nothing_is_left_out(tmp_path: Path) -> None:
    whole, all_runs = searched(UNDO_BY_SAGA, tmp_path, until_first=False)
    first, runs = searched(UNDO_BY_SAGA, tmp_path, until_first=True)
    assert first.runs == whole.runs == len(all_runs)
    assert runs == all_runs


def test_fingerprints_tell_searches_apart_and_are_the_same_in_any_process(tmp_path: Path) -> None:
    styles = ("undo_by_saga", "no_pivot", "undo_by_id")
    here = [
        searched(UNDO_BY_SAGA.replace("undo_by_saga", one), tmp_path, until_first=False)[1] for one in styles
    ]
    assert len({tuple(runs) for runs in here}) == len(styles)
    there = searched(UNDO_BY_SAGA, tmp_path, until_first=False, in_process=False)[1]
    assert there == here[0]
