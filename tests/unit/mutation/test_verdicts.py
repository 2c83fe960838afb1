"""What a search means for a mutant, and why one may survive."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ReportError
from harness.loading import load
from harness.mutation.model import How, Mutant, Mutants, Status, read_mutants, write_mutants
from harness.mutation.planting import Planted
from harness.mutation.reasons import read_reasons, unneeded
from harness.mutation.trial import Asked, Counterexample, Result, search
from harness.mutation.verdicts import Ended, judged
from harness.plan import Fault, FaultPlan
from harness.report_model import ScenarioVerdict

PLANTED = Planted(
    id="x-1", operator="x", file=Path("a.py"), name="a.py", lines=(3,), function="f", text="", diff="-a\n+b"
)
ORIGINAL = Result(verdict=ScenarioVerdict.PASS, singles=True, complete=True, runs=3, chain=(b"1", b"2", b"3"))
LOST = Fault(kind="lose_reply", operation="a.b.create")


def verdict(result: Result, original: Result = ORIGINAL, *, lost: bool = False) -> Mutant:
    return judged(Ended(planted=PLANTED, result=result, seconds=1.0, lost=lost), original)


def same(chain: tuple[bytes, ...], *, singles: bool = True) -> Result:
    return Result(verdict=ScenarioVerdict.PASS, singles=singles, runs=len(chain), chain=chain)


def test_a_violation_kills_and_the_smallest_is_told() -> None:
    large = Counterexample(invariant="termination", plan=FaultPlan((LOST, LOST)))
    small = Counterexample(invariant="isolation", plan=FaultPlan((LOST,)))
    mutant = verdict(Result(verdict=ScenarioVerdict.FAIL, found=(large, small)))
    assert (mutant.status, mutant.how) == (Status.KILLED, How.INVARIANT)
    assert (mutant.invariant, mutant.faults) == ("isolation", 1)
    assert mutant.invariants == ("termination", "isolation")
    assert mutant.smallest() == small.plan


def test_what_cannot_be_imported_and_what_hangs_is_killed() -> None:
    assert verdict(Result(verdict=None, problem="no")).how is How.LOAD
    hung = verdict(Result(verdict=None, problem="hung"), lost=True)
    assert (hung.how, hung.invariant) == (How.HANG, "termination")


def test_no_pass_any_more_kills_where_the_original_passes_and_no_single_fault_is_missing() -> None:
    none = Result(verdict=ScenarioVerdict.INCONCLUSIVE, singles=True, notes=("never seen",))
    assert (verdict(none).how, verdict(none).message) == (How.VERDICT, "never seen")
    cut = Result(verdict=ScenarioVerdict.INCONCLUSIVE, singles=False, chain=(b"9",))
    assert verdict(cut).status is Status.SURVIVED
    unsure = Result(verdict=ScenarioVerdict.INCONCLUSIVE, singles=True)
    assert verdict(none, unsure).status is Status.SURVIVED


def test_runs_like_the_originals_do_not_count_and_others_survive() -> None:
    assert verdict(same((b"1", b"2"))).status is Status.INVALID
    assert verdict(same((b"1", b"x"))).status is Status.SURVIVED
    assert verdict(same((b"1", b"2"), singles=False)).status is Status.SURVIVED
    longer = verdict(same((b"1", b"2", b"3", b"4")))
    assert (longer.status, "3 runs" in longer.reason) == (Status.INVALID, True)
    assert verdict(same((b"1", b"2", b"x", b"4"))).status is Status.SURVIVED
    assert verdict(same(())).status is Status.SURVIVED


def test_a_search_that_time_cuts_short_knows_which_single_faults_are_missing() -> None:
    name = str(Path(__file__).parents[2] / "mutants" / "booking" / "saga.toml")
    asked = Asked(reference=name, load=load, world="sim", search="guided", workers=1, depth=1)
    cut, whole = (search(asked, load(name), s, alone=True, until_first=False) for s in (0.01, 300.0))
    assert (cut.singles, cut.complete, cut.found) == (False, False, ())
    assert (whole.singles, whole.complete) == (True, True)
    assert cut.chain == whole.chain[: len(cut.chain)]


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = Counterexample(invariant="isolation", plan=FaultPlan((LOST,)))
    mutants = Mutants(mutants=(verdict(Result(verdict=ScenarioVerdict.FAIL, found=(found,))),), score=1.0)
    write_mutants(mutants, tmp_path / "mutants.json")
    assert read_mutants(tmp_path / "mutants.json") == mutants


def test_reasons_are_one_line_each_and_those_not_needed_are_told(tmp_path: Path) -> None:
    file = tmp_path / "reasons.toml"
    file.write_text('[reasons]\n"x-1" = "it may"\n"x-2" = "gone"\n')
    reasons = read_reasons(file)
    assert reasons == {"x-1": "it may", "x-2": "gone"}
    assert unneeded(reasons, [verdict(same((b"x",)))]) == ("x-2",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[reasons]\nx = 1", "reasons.x: found 1"),
        ('[reasons]\nx = " "', "a reason in one line"),
        ("[other]\n", "key: found 'other'"),
        ("reasons = 3", "found 3, expected a table"),
        ("[", "valid TOML"),
        ("[reasons]\nx = " + "9" * 5000, "line 2: found 'x = 9999"),
        ("[reasons]\nx = ''", "line 2, reasons.x: found ''"),
    ],
)
def test_reasons_that_are_none(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(ReportError) as caught:
        read_reasons(tmp_path / "r.toml")
    assert says in str(caught.value)
