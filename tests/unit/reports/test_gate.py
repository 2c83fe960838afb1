from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from harness.errors import ReportError
from harness.report_model import CompensationLatency, Report, Verdict, write_report
from reports.gate import Gate, gate_folder
from reports.lacking import lacking
from tests.unit.reports.samples import failing, inconclusive, passing, report
from tests.unit.reports.snapshots import check_snapshot

TODAY = date(2026, 3, 1)
WAIVED = """
[[waivers]]
scenario = "order"
invariant = "no_orphaned_resources"
until = "2026-03-01"
reason = "refund job lands in April"
[[waivers]]
scenario = "order"
invariant = "idempotent_actions"
until = 2026-12-31
reason = "known"
"""


def decide(given: Report, tmp_path: Path, policy: str | None = None, today: date = TODAY) -> Gate:
    write_report(given, tmp_path / "report.json")
    file = tmp_path / "policy.toml"
    if policy is not None:
        file.write_text(policy)
    return gate_folder(tmp_path, file if policy is not None else None, today)


def test_without_a_policy_only_a_pass_passes(tmp_path: Path) -> None:
    assert decide(report(passing()), tmp_path).exit_code == 0
    assert decide(report(failing(), passing()), tmp_path).exit_code == 1
    assert decide(report(inconclusive(), passing()), tmp_path).exit_code == 3


def test_lines_say_why(tmp_path: Path) -> None:
    found = decide(report(failing(), inconclusive()), tmp_path, WAIVED, date(2026, 6, 1))
    check_snapshot("\n".join(found.lines) + "\n", "gate.txt")


def test_inconclusive_can_be_allowed_but_a_violation_cannot(tmp_path: Path) -> None:
    allowed = "allow_inconclusive = true"
    assert decide(report(inconclusive()), tmp_path, allowed).exit_code == 0
    assert decide(report(failing()), tmp_path, allowed).exit_code == 1


def test_a_waiver_excuses_up_to_its_day_and_no_further(tmp_path: Path) -> None:
    one = msgspec.structs.replace(failing(), guarantees=())
    assert decide(report(one), tmp_path, WAIVED, date(2026, 3, 1)).exit_code == 0
    expired = decide(report(one), tmp_path, WAIVED, date(2026, 3, 2))
    assert expired.exit_code == 1
    assert any("its waiver ended on 2026-03-01" in line for line in expired.lines)


def test_a_waiver_does_not_hide_what_else_is_missing(tmp_path: Path) -> None:
    one = msgspec.structs.replace(failing(), situations=inconclusive().situations)
    assert decide(report(one), tmp_path, WAIVED).exit_code == 3


def test_what_the_report_says_is_lacking_is_said_and_not_read_from_its_tables_again() -> None:
    sentences = ("The fault-free run ended compensated.", "The check of isolation crashed, so it is unknown.")
    one = msgspec.structs.replace(inconclusive(), lacking=sentences)
    assert lacking(one) == list(sentences)
    assert lacking(one, ["isolation"]) == [sentences[0]]
    assert lacking(one, ["termination"]) == list(sentences)
    assert lacking(msgspec.structs.replace(one, verdict=Verdict.PASS)) == []


def test_a_waiver_for_nothing_is_said(tmp_path: Path) -> None:
    found = decide(report(passing()), tmp_path, WAIVED)
    assert found.exit_code == 0
    assert "a waiver that waives nothing, scenario: found 'order', expected 'order-sync'" in found.lines[1]
    assert found.lines[1].startswith("  unused  ")


@pytest.mark.parametrize(("most", "code"), [("3.0", 0), ("2.8", 0), ("2.7", 1)])
def test_latency_budget(tmp_path: Path, most: str, code: int) -> None:
    assert decide(report(passing()), tmp_path, f"max_p99_s = {most}").exit_code == code


def test_a_budget_without_a_measurement_is_not_kept(tmp_path: Path) -> None:
    one = msgspec.structs.replace(passing(), compensation_latency_s=CompensationLatency())
    assert decide(report(one), tmp_path, "max_p99_s = 3").exit_code == 3


def test_required_situations(tmp_path: Path) -> None:
    assert decide(report(passing()), tmp_path, 'require_situations = ["failure_after_pivot"]').exit_code == 0
    found = decide(report(passing()), tmp_path, 'require_situations = ["failure_after_pivott"]')
    assert found.exit_code == 3
    assert "'failure_after_pivot' (did you mean it?)" in found.lines[1]
    both = 'allow_inconclusive = true\nrequire_situations = ["in_doubt_pivot"]'
    assert decide(report(passing()), tmp_path, both).exit_code == 3


def test_a_headline_that_hides_a_violation_does_not_pass(tmp_path: Path) -> None:
    hidden = msgspec.structs.replace(failing(), verdict=Verdict.PASS)
    assert decide(msgspec.structs.replace(report(hidden), verdict=Verdict.PASS), tmp_path).exit_code == 1
    odd = msgspec.structs.replace(report(passing()), verdict=Verdict.FAIL)
    assert decide(odd, tmp_path).exit_code == 1


def test_nothing_seen_and_a_failing_machine_do_not_pass(tmp_path: Path) -> None:
    nothing = msgspec.structs.replace(report(passing()), scenarios=())
    assert decide(nothing, tmp_path).exit_code == 3
    cut = msgspec.structs.replace(report(passing()), environment="Toxiproxy died")
    assert decide(cut, tmp_path, "allow_inconclusive = true").exit_code == 3


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("allow_inconclusiv = true", "key: found 'allow_inconclusiv', expected 'allow_inconclusive' (did"),
        ('allow_inconclusive = "yes"', "allow_inconclusive: found 'yes', expected true or false"),
        ("max_p99_s = 0", "max_p99_s: found 0, expected a number of seconds above 0"),
        ("max_p99_s = nan", "max_p99_s: found nan, expected a number of seconds above 0"),
        ('require_situations = "x"', "require_situations: found 'x', expected a list of texts"),
        ("waivers = [1]", "waivers, waiver 1: found 1, expected scenario, invariant, until and reason"),
        (WAIVED.replace("until", "untl"), "waivers, waiver 1, key: found 'untl', expected 'until' (did you"),
        (WAIVED.replace("2026-03-01", "soon"), "waivers, waiver 1, until: found 'soon', expected a day"),
        (WAIVED.replace('reason = "known"', ""), "expected a key reason"),
        ("a = ", "expected TOML"),
    ],
)
def test_a_wrong_policy_is_refused_by_place(tmp_path: Path, policy: str, said: str) -> None:
    with pytest.raises(ReportError) as caught:
        decide(report(passing()), tmp_path, policy)
    assert said in str(caught.value)
    assert "policy.toml" in str(caught.value)


def test_a_folder_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"found 'no report\.json', expected a folder"):
        gate_folder(tmp_path, None, TODAY)
    with pytest.raises(ReportError, match="no such folder"):
        gate_folder(tmp_path / "nowhere", None, TODAY)
