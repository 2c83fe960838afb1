from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from harness.errors import ReportError
from harness.mutation.model import Mutant, Mutants, Status, Untried, write_mutants
from harness.report_model import (
    CompensationLatency,
    Provenance,
    Report,
    ScenarioVerdict,
    Verdict,
    write_report,
)
from reports.gate import Gate, gate_folder
from reports.gate_check import Word
from reports.lacking import lacking
from tests.unit.reports.samples import failing, inconclusive, passing, report
from tests.unit.reports.snapshots import check_snapshot

TODAY = date(2026, 3, 1)
FIRST = """
[[waivers]]
scenario = "order"
invariant = "no_orphaned_resources"
owner = "payments"
until = "2026-03-01"
reason = "refund job lands in April"
"""
WAIVED = f"""{FIRST}
[[waivers]]
scenario = "order"
invariant = "idempotent_actions"
owner = "ann@example.org"
until = 2026-12-31
reason = "known"
"""


def decide(given: Report, tmp_path: Path, policy: str | None = None, today: date = TODAY) -> Gate:
    write_report(given, tmp_path / "report.json")  # makes the folder, too
    file = tmp_path / "policy.toml"
    if policy is not None:
        file.write_text(policy)
    return gate_folder(tmp_path, file if policy is not None else None, today)


def why(found: Gate, word: Word) -> list[str]:
    return [f"{one.where} {one.what}: {one.why}" for one in found.checks if one.word is word]


def test_without_a_policy_only_a_pass_passes(tmp_path: Path) -> None:
    assert decide(report(passing()), tmp_path).exit_code == 0
    assert decide(report(failing(), passing()), tmp_path).exit_code == 1
    assert decide(report(inconclusive(), passing()), tmp_path).exit_code == 3


def test_the_table_says_what_passed_and_what_did_not_and_why(tmp_path: Path) -> None:
    policy = 'require_situations = ["failure_after_pivot"]\nmax_p95_s = 5\n'
    found = decide(report(failing(), inconclusive()), tmp_path, policy + WAIVED, date(2026, 6, 1))
    check_snapshot("\n".join(found.lines) + "\n", "gate.txt")


def test_inconclusive_can_be_allowed_but_a_violation_cannot(tmp_path: Path) -> None:
    allowed = "allow_inconclusive = true"
    assert decide(report(inconclusive()), tmp_path, allowed).exit_code == 0
    assert decide(report(failing()), tmp_path, allowed).exit_code == 1


# waivers --------------------------------------------------------------------------------------


def test_a_waiver_excuses_up_to_its_day_and_no_further(tmp_path: Path) -> None:
    one = msgspec.structs.replace(failing(), guarantees=())
    assert decide(report(one), tmp_path, WAIVED, date(2026, 3, 1)).exit_code == 0
    expired = decide(report(one), tmp_path, WAIVED, date(2026, 3, 2))
    assert expired.exit_code == 1
    (told,) = why(expired, Word.FAILS)
    assert "its waiver ended on 2026-03-01 (payments: refund job lands in April)" in told


def test_a_waiver_does_not_hide_what_else_is_missing(tmp_path: Path) -> None:
    one = msgspec.structs.replace(failing(), situations=inconclusive().situations)
    assert decide(report(one), tmp_path, WAIVED).exit_code == 3


def test_a_waiver_that_nothing_needs_is_said_and_fails_nothing(tmp_path: Path) -> None:
    found = decide(report(passing("order")), tmp_path, WAIVED)
    assert found.exit_code == 0
    assert why(found, Word.UNUSED) == [
        "order waiver: no_orphaned_resources is held: the waiver of payments is not needed any more",
        "order waiver: idempotent_actions is held: the waiver of ann@example.org is not needed any more",
    ]


def test_a_waiver_for_a_crashed_check_is_needed(tmp_path: Path) -> None:
    policy = FIRST.replace('"order"', '"shipping"').replace("no_orphaned_resources", "log_agreement")
    found = decide(report(inconclusive()), tmp_path, policy)
    assert why(found, Word.UNUSED) == []
    assert not any("log_agreement" in one for one in why(found, Word.INCONCLUSIVE))


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            FIRST.replace('"order"', '"ordr"'),
            "scenario: found 'ordr', expected a scenario of the report, 'order' (did you mean it?)",
        ),
        (
            FIRST.replace("no_orphaned_resources", "no_orphans"),
            "invariant: found 'no_orphans', expected an invariant of order, 'no_orphaned_resources' (did you",
        ),
    ],
)
def test_a_waiver_for_what_the_report_does_not_know_is_an_error(
    tmp_path: Path, policy: str, said: str
) -> None:
    with pytest.raises(ReportError) as caught:
        decide(report(failing()), tmp_path, policy)
    assert f"policy.toml:2, waivers #1, {said}" in str(caught.value)


def test_a_report_that_was_cut_short_need_not_have_every_scenario(tmp_path: Path) -> None:
    cut = msgspec.structs.replace(report(passing()), environment="Toxiproxy died")
    assert decide(cut, tmp_path, WAIVED).exit_code == 3


# what is new ----------------------------------------------------------------------------------


def earlier(folder: Path, *violated: str) -> Path:
    """A report of before in which these were violated, and nothing else."""
    before = failing()
    kept = tuple(
        msgspec.structs.replace(one, verdict=Verdict.VIOLATED if one.id in violated else Verdict.HELD)
        for one in before.invariants
    )
    write_report(report(msgspec.structs.replace(before, invariants=kept)), folder / "report.json")
    return folder


NEW_ONLY = "new_only = true\n"


def test_only_what_is_new_fails(tmp_path: Path) -> None:
    earlier(tmp_path / "previous", "no_orphaned_resources", "idempotent_actions")
    known = decide(report(failing()), tmp_path, NEW_ONLY)
    assert known.exit_code == 0
    assert len(why(known, Word.KNOWN)) == 2
    assert decide(report(failing()), tmp_path).exit_code == 1
    earlier(tmp_path / "previous", "no_orphaned_resources", "termination")
    found = decide(report(failing()), tmp_path, NEW_ONLY)
    assert found.exit_code == 1
    assert why(found, Word.FAILS) == [
        "order (sim) idempotent_actions: violated in 2 of 1,204 runs, and it is new"
    ]
    assert "order (sim) termination: violated in the earlier report, and held now" in why(found, Word.PASSES)


def test_the_earlier_report_is_named_relative_to_the_policy_as_a_folder_or_a_file(tmp_path: Path) -> None:
    earlier(tmp_path / "main", "no_orphaned_resources", "idempotent_actions")
    for place in ("main", "main/report.json"):
        assert decide(report(failing()), tmp_path, f'{NEW_ONLY}earlier = "{place}"').exit_code == 0
    other = msgspec.structs.replace(failing(), world="wire")
    assert decide(report(other), tmp_path, f'{NEW_ONLY}earlier = "main"').exit_code == 1


def test_the_report_before_is_the_one_that_the_report_names(tmp_path: Path) -> None:
    earlier(tmp_path / "one", "no_orphaned_resources", "idempotent_actions")
    named = msgspec.structs.replace(report(failing()), provenance=Provenance(previous="../one"))
    assert decide(named, tmp_path / "two", NEW_ONLY).exit_code == 0


def test_without_an_earlier_report_everything_is_new_and_a_damaged_one_is_an_error(tmp_path: Path) -> None:
    found = decide(report(failing()), tmp_path, NEW_ONLY)
    assert found.exit_code == 1
    assert all("there is no earlier report" in one for one in why(found, Word.FAILS))
    (tmp_path / "previous").mkdir()
    (tmp_path / "previous" / "report.json").write_text('{"format_version": 1,')
    with pytest.raises(ReportError, match=r"previous/report\.json"):
        decide(report(failing()), tmp_path, NEW_ONLY)


def test_what_is_known_hides_no_other_shortfall(tmp_path: Path) -> None:
    earlier(tmp_path / "previous", "no_orphaned_resources", "idempotent_actions")
    assert decide(report(failing(), inconclusive()), tmp_path, NEW_ONLY).exit_code == 3


# budgets --------------------------------------------------------------------------------------


def measured(n: int, **more: float) -> Report:
    latency = CompensationLatency(p50=0.6, p95=1.2, p99=2.8, n=n)
    return report(
        msgspec.structs.replace(passing(), compensation_latency_s=msgspec.structs.replace(latency, **more))
    )


@pytest.mark.parametrize(
    ("budget", "n", "code"),
    [
        ("max_p99_s = 3.0", 100, 0),
        ("max_p99_s = 2.8", 100, 0),
        ("max_p99_s = 2.7", 100, 1),
        ("max_p95_s = 1.2", 20, 0),
        ("max_p95_s = 1.1", 20, 1),
        ("max_p99_s = 3.0", 99, 3),  # no p99 from 99: not even where what was measured would do
        ("max_p99_s = 2.7", 40, 3),
        ("max_p95_s = 1.3", 19, 3),
        ("max_p99_s = 1.1", 40, 1),  # already p95 is above it
        ("max_p99_s = 0.5", 4, 1),  # already the median is
        ("max_p95_s = 1.3", 0, 3),
    ],
)
def test_latency_budgets_are_held_to_as_far_as_the_sample_carries(
    tmp_path: Path, budget: str, n: int, code: int
) -> None:
    assert decide(measured(n), tmp_path, budget).exit_code == code


def test_a_budget_without_a_measurement_is_not_kept(tmp_path: Path) -> None:
    one = msgspec.structs.replace(passing(), compensation_latency_s=CompensationLatency())
    assert decide(report(one), tmp_path, "max_p99_s = 3").exit_code == 3
    none = msgspec.structs.replace(passing(), compensation_latency_s=None)
    assert decide(report(none), tmp_path, "max_p95_s = 3").exit_code == 3


# what must be there ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "code", "said"),
    [
        ('require_situations = ["failure_after_pivot"]', 0, "seen in 9 runs"),
        ('require_situations = ["failure_after_pivott"]', 3, "'failure_after_pivot' (did you mean it?)"),
        ('require_scenarios = ["order-sync"]', 0, "64 runs in wire"),
        ('require_scenarios = ["order-synk"]', 3, "'order-sync' (did you mean it?)"),
        ('require_invariants = ["termination"]', 0, "judged in order-sync (wire)"),
        ('require_invariants = ["isolation"]', 3, "no run exercised it in order-sync (wire)"),
        ('require_invariants = ["terminaton"]', 3, "'termination' (did you mean it?)"),
        ('require_faults = ["refuse"]', 0, "fired 63 times"),
        ('require_faults = ["lose_reply"]', 3, "it never fired; what fired is one of refuse"),
    ],
)
def test_what_must_be_there_and_what_must_have_been_seen(
    tmp_path: Path, policy: str, code: int, said: str
) -> None:
    found = decide(report(passing()), tmp_path, policy)
    assert found.exit_code == code
    assert any(said in line for line in found.lines)
    allowed = decide(report(passing()), tmp_path, f"allow_inconclusive = true\n{policy}")
    assert allowed.exit_code == code, "what is asked for by name cannot be allowed to lack"


def test_a_fault_that_was_planned_and_never_fired_was_not_seen(tmp_path: Path) -> None:
    one = failing()
    quiet = msgspec.structs.replace(one, faults=msgspec.structs.replace(one.faults, by_kind={}))
    found = decide(report(quiet), tmp_path, 'require_faults = ["reject"]')
    assert any("planned 120 times, and never fired" in told for told in why(found, Word.INCONCLUSIVE))


def test_an_invariant_must_have_been_exercised_in_each_scenario(tmp_path: Path) -> None:
    given = report(passing(), inconclusive())
    found = decide(given, tmp_path, 'require_invariants = ["bounded_retries"]')
    assert any("no run exercised it in shipping (sim)" in one for one in why(found, Word.INCONCLUSIVE))


# mutation -------------------------------------------------------------------------------------


def mutants(killed: int, survived: int, **more: object) -> Mutants:
    def some(status: Status, number: int) -> list[Mutant]:
        return [
            Mutant(id=f"{status}-{n}", operator="retry_dropped", where=f"sagas.py:{n}", status=status)
            for n in range(number)
        ]

    listed = (*some(Status.KILLED, killed), *some(Status.SURVIVED, survived), *some(Status.INVALID, 2))
    return Mutants(mutants=listed, scenario="order", score=1.0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("least", "given", "code", "said"),
    [
        (0.9, mutants(9, 1), 0, "9 of 10 mutants killed, 90 %; the policy asks for 90 %"),
        (0.9, mutants(899, 101), 1, "899 of 1,000 mutants killed, 89.9 %; the policy asks for 90 %"),
        (0.5, mutants(1, 2), 1, "Survived: retry_dropped at sagas.py:0, retry_dropped at sagas.py:1"),
        (0.0, mutants(0, 0), 3, "no mutant counts"),
        (
            0.9,
            mutants(10, 0, complete=False, untried=(Untried(id="x", operator="y", where="z"),)),
            3,
            "but it was cut short: 1 mutant not tried",
        ),
        (0.9, mutants(10, 0, environment="the disk is full"), 3, "cut short: the disk is full"),
        (0.9, None, 3, "saga-chaos mutate SCENARIO --out"),
    ],
)
def test_the_least_mutation_score(
    tmp_path: Path, least: float, given: Mutants | None, code: int, said: str
) -> None:
    if given is not None:
        write_mutants(given, tmp_path / "mutants.json")
    found = decide(report(passing()), tmp_path, f"min_mutation_score = {least}")
    assert found.exit_code == code
    assert any(said in line for line in found.lines), found.lines


def test_mutants_of_several_sagas_and_a_damaged_file(tmp_path: Path) -> None:
    policy = 'min_mutation_score = 0.9\nmutants = ["a/mutants.json", "b/mutants.json"]'
    write_mutants(mutants(10, 0), tmp_path / "a" / "mutants.json")
    write_mutants(mutants(1, 1), tmp_path / "b" / "mutants.json")
    assert decide(report(passing()), tmp_path, policy).exit_code == 1
    assert decide(report(passing()), tmp_path, policy.replace(', "b/mutants.json"', "")).exit_code == 0
    (tmp_path / "b" / "mutants.json").write_text("{")
    with pytest.raises(ReportError, match=r"b/mutants\.json"):
        decide(report(passing()), tmp_path, policy)


# the report itself ----------------------------------------------------------------------------


def test_a_headline_that_hides_a_violation_does_not_pass(tmp_path: Path) -> None:
    hidden = msgspec.structs.replace(failing(), verdict=ScenarioVerdict.PASS)
    assert (
        decide(msgspec.structs.replace(report(hidden), verdict=ScenarioVerdict.PASS), tmp_path).exit_code == 1
    )
    odd = msgspec.structs.replace(report(passing()), verdict=ScenarioVerdict.FAIL)
    assert decide(odd, tmp_path).exit_code == 1


def test_nothing_seen_and_a_failing_machine_do_not_pass(tmp_path: Path) -> None:
    nothing = msgspec.structs.replace(report(passing()), scenarios=())
    assert decide(nothing, tmp_path, WAIVED).exit_code == 3
    cut = msgspec.structs.replace(report(passing()), environment="Toxiproxy died")
    assert decide(cut, tmp_path, "allow_inconclusive = true").exit_code == 3


def test_what_the_report_says_is_lacking_is_said_and_not_read_from_its_tables_again() -> None:
    sentences = ("The fault-free run ended compensated.", "The check of isolation crashed, so it is unknown.")
    one = msgspec.structs.replace(inconclusive(), lacking=sentences)
    assert lacking(one) == list(sentences)
    assert lacking(one, ["isolation"]) == [sentences[0]]
    assert lacking(one, ["termination"]) == list(sentences)
    assert lacking(msgspec.structs.replace(one, verdict=ScenarioVerdict.PASS)) == []


def test_a_hostile_name_stays_on_its_line(tmp_path: Path) -> None:
    odd = msgspec.structs.replace(failing("a\nPASS\x1b[2J"), guarantees=())
    found = decide(report(odd), tmp_path)
    assert not any("\n" in line or "\x1b" in line for line in found.lines)
    assert any(r"a\nPASS\x1b[2J (sim)" in line for line in found.lines)


# the policy file ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            "\n\nallow_inconclusiv = true",
            ":3, allow_inconclusiv, key: found 'allow_inconclusiv', expected 'allow_inconclusive' (did",
        ),
        ('\nallow_inconclusive = "yes"', ":2, allow_inconclusive: found 'yes', expected true or false"),
        ("max_p99_s = 0", ":1, max_p99_s: found 0, expected a number of seconds above 0"),
        ("max_p95_s = nan", ":1, max_p95_s: found nan, expected a number of seconds above 0"),
        ("max_p95_s = inf", ":1, max_p95_s: found inf, expected a number of seconds above 0"),
        ("min_mutation_score = 90", ":1, min_mutation_score: found 90, expected a share between 0 and 1"),
        ("max_slowdown = 0.9", ":1, max_slowdown: found 0.9, expected how many times as long"),
        (
            "\nmax_slowdown = 1.2",
            ":2, max_slowdown: found 'max_slowdown without baseline', expected a key baseline too, or no",
        ),
        ('new_only = false\nearlier = "x"', ":2, earlier: found 'earlier without new_only', expected a key"),
        ('mutants = ["x"]', ":1, mutants: found 'mutants without min_mutation_score', expected a key"),
        ("max_slowdown = true", ":1, max_slowdown: found True, expected how many times as long"),
        ('require_situations = "x"', ":1, require_situations: found 'x', expected a list of texts"),
        (
            'require_faults = [\n  "refuse",\n  "",\n]',
            ":3, require_faults #2: found '', expected a text that is not empty",
        ),
        ("earlier = 3", ":1, earlier: found 3, expected a text that is not empty"),
        ("format_version = 2", ":1, format_version: found 2, expected 1"),
        ("waivers = 1", ":1, waivers: found 1, expected a list of waivers"),
        (
            "waivers = [1]",
            ":1, waivers #1: found 1, expected scenario, invariant, owner, until and reason",
        ),
        (
            WAIVED.replace("until", "untl"),
            ":6, waivers #1.untl, key: found 'untl', expected 'until' (did you",
        ),
        (WAIVED.replace("2026-03-01", "soon"), ":6, waivers #1.until: found 'soon', expected a day"),
        (
            WAIVED.replace('reason = "known"', ""),
            ":9, waivers #2: found 'scenario, invariant, owner and until', expected a key reason",
        ),
        (
            FIRST.replace('owner = "payments"', ""),
            ":2, waivers #1: found 'scenario, invariant, until and reason', expected a key owner",
        ),
        ("\na = ", ":2: found 'a =', expected TOML (Invalid value"),
        ("a = 1\na = 2", ":2: found 'a = 2', expected TOML (Cannot overwrite a value"),
        ("new_only = true\na = " + "9" * 5000, ":2: found 'a = 9999"),
        ("waivers = []\n[[waivers]]\n", ":2: found '[[waivers]]', expected TOML: nothing more of waivers"),
    ],
)
def test_a_wrong_policy_is_refused_by_file_and_line(tmp_path: Path, policy: str, said: str) -> None:
    with pytest.raises(ReportError) as caught:
        decide(report(passing()), tmp_path, policy)
    assert f"policy.toml{said}" in str(caught.value)


def test_a_policy_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    write_report(report(passing()), tmp_path / "report.json")
    with pytest.raises(ReportError, match=r"No such file or directory', expected a policy file"):
        gate_folder(tmp_path, tmp_path / "nowhere.toml", TODAY)
    (tmp_path / "latin.toml").write_bytes(b"new_only = true\nearlier = '\xe4'\n")
    with pytest.raises(ReportError, match=r"latin\.toml:2: found b'\\xe4', expected TOML"):
        gate_folder(tmp_path, tmp_path / "latin.toml", TODAY)
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000)
    with pytest.raises(ReportError, match=r"deep\.toml:1: found"):
        gate_folder(tmp_path, tmp_path / "deep.toml", TODAY)


def test_a_folder_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"found 'no report\.json', expected a folder"):
        gate_folder(tmp_path, None, TODAY)
    with pytest.raises(ReportError, match="no such folder"):
        gate_folder(tmp_path / "nowhere", None, TODAY)
