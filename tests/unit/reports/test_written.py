"""The files beside report.json."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from harness.errors import EnvironmentFault
from harness.history import CallAnswered, History, write_history
from harness.plan import Fault, FaultPlan
from harness.report_model import (
    CompensationLatency,
    Faults,
    Invariant,
    Provenance,
    Report,
    ScenarioRef,
    ScenarioReport,
    SiteCount,
    Verdict,
    read_report,
    write_failure,
    write_report,
)
from reports.bundle import Bundle, read_bundle
from reports.coverage import State, matrix
from reports.html import report_html
from reports.junit import junit_xml
from reports.page import Page
from reports.room import Room
from reports.summary import summary_md
from reports.write import write_reports
from tests.unit.reports.junit_rules import ANT, JENKINS, Rule, problems
from tests.unit.reports.samples import (
    CRASH,
    IDS,
    failing,
    failure,
    inconclusive,
    late_charge,
    passing,
    report,
    sent,
    write_findings,
)
from tests.unit.reports.snapshots import check_snapshot

FOLDER = Path("out")
BEGAN = Provenance(began="2026-11-21T18:16:25Z")


def bundle(given: Report, tmp_path: Path) -> Bundle:
    """Read from a temporary folder, but named `out`, so that commands are the same everywhere."""
    if not (tmp_path / "failures").exists():
        write_findings(tmp_path)
    read = read_bundle(given, tmp_path)
    return Bundle(report=given, folder=FOLDER, violations=read.violations, histories=read.histories)


def test_all_four_files_are_written_beside_each_other(tmp_path: Path) -> None:
    write_findings(tmp_path)
    given = report(failing(), passing())
    write_reports(given, tmp_path)
    assert read_report(tmp_path / "report.json") == given
    for name in ("junit.xml", "summary.md", "report.html"):
        assert (tmp_path / name).read_text(encoding="utf-8")


def test_a_report_is_on_disk_even_if_the_page_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(given: object) -> str:
        raise EnvironmentFault("no page today")

    monkeypatch.setattr("reports.write.report_html", broken)
    with pytest.raises(EnvironmentFault):
        write_reports(report(passing()), tmp_path)
    assert read_report(tmp_path / "report.json").scenarios


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("summary-fail.md", report(failing(), passing())),
        ("summary-inconclusive.md", report(inconclusive(), passing())),
        ("summary-pass.md", report(passing())),
    ],
)
def test_summary(tmp_path: Path, name: str, given: Report) -> None:
    check_snapshot(summary_md(bundle(given, tmp_path)), name)


def test_summary_table_survives_a_pipe(tmp_path: Path) -> None:
    odd = msgspec.structs.replace(passing(), name="a|b")
    assert "| a\\|b | wire |" in summary_md(bundle(report(odd), tmp_path))


def test_a_missing_failure_file_is_said_and_stops_nothing(tmp_path: Path) -> None:
    given = report(failing())
    read = read_bundle(given, tmp_path)
    text = summary_md(read)
    assert "Its counterexample cannot be read." in text
    assert "order-sim-no_orphaned_resources.json" in text
    assert "Its counterexample cannot be read." in report_html(read)
    assert b"Its counterexample cannot be read." in junit_xml(read)


@pytest.mark.parametrize(("schema", "rules"), [("ant", ANT), ("jenkins", JENKINS)])
def test_junit_keeps_to_the_published_schemas(tmp_path: Path, schema: str, rules: Mapping[str, Rule]) -> None:
    for scenarios in ((failing(), passing(), inconclusive()), ()):
        given = msgspec.structs.replace(report(passing()), scenarios=scenarios, provenance=BEGAN)
        assert problems(junit_xml(bundle(given, tmp_path)), rules) == []


def test_a_moment_that_nobody_knows_is_left_out(tmp_path: Path) -> None:
    for began in ("", "yesterday"):
        given = msgspec.structs.replace(report(passing()), provenance=Provenance(began=began))
        assert problems(junit_xml(bundle(given, tmp_path)), ANT) == ["testsuite: no timestamp"]


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        ((b' id="0"', b""), ["testsuite: no id"]),
        ((b' tests="15"', b' tests="many"'), ["testsuite: tests='many'"]),
        ((b"<testsuites>", b'<testsuites name="x">'), ["testsuites: unknown name"]),
        ((b"<system-out />", b""), ["testsuite: children "]),
        ((b'type="violated"', b'kind="violated"'), ["failure: no type", "failure: unknown kind"]),
        ((b"<properties>", b"<properties>odd"), ["properties: text"]),
        ((b'name="tool"', b'name=" "'), ["property: name=' '"]),
    ],
)
def test_the_rules_of_the_schema_see_what_is_wrong(
    tmp_path: Path, broken: tuple[bytes, bytes], found: list[str]
) -> None:
    given = junit_xml(bundle(report(failing()), tmp_path))
    assert broken[0] in given
    wrong = problems(given.replace(*broken), ANT)
    assert all(any(one.startswith(want) for one in wrong) for want in found), wrong


def test_junit_counts_right_and_has_a_case_for_each_scenario_and_invariant(tmp_path: Path) -> None:
    root = ET.fromstring(junit_xml(bundle(report(failing(), passing(), inconclusive()), tmp_path)))
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for tag in ("failure", "error", "skipped"):
            counted = suite.get({"failure": "failures", "error": "errors"}.get(tag, tag), "")
            assert int(counted) == sum(case.find(tag) is not None for case in cases)
    assert [suite.get("name") for suite in root] == ["order (sim)", "order-sync (wire)", "shipping (sim)"]
    assert [[case.get("name") for case in suite.iter("testcase")] for suite in root] == [
        ["verdict", *IDS],
        ["verdict", *IDS],
        ["verdict", "termination", "log_agreement"],
    ]
    assert [suite.get("id") for suite in root] == ["0", "1", "2"]


def test_junit_has_the_real_time_of_each_search_once(tmp_path: Path) -> None:
    (suite,) = ET.fromstring(junit_xml(bundle(report(failing()), tmp_path)))
    times = {case.get("name"): float(case.get("time", "")) for case in suite.iter("testcase")}
    assert suite.get("time") == "28.000"
    assert times["verdict"] == sum(times.values()) == 28.0


def test_the_case_of_a_scenario_is_green_only_where_it_passed(tmp_path: Path) -> None:
    suites = ET.fromstring(junit_xml(bundle(report(failing(), passing(), inconclusive()), tmp_path)))
    broken, sound, unsure = (suite.find("testcase[@name='verdict']") for suite in suites)
    assert broken is not None
    assert sound is not None
    assert unsure is not None
    assert (broken.findtext("failure") or "").splitlines() == [
        "The scenario is fail, after 1,204 runs in 28.0 s.",
        "no_orphaned_resources is violated in 31 of 1,204 runs.",
        "idempotent_actions is violated in 2 of 1,204 runs.",
    ]
    assert list(sound) == []
    assert "The situation crash_during_compensation was never seen." in (unsure.findtext("error") or "")


def test_junit_failure_has_claim_plan_and_replay(tmp_path: Path) -> None:
    root = ET.fromstring(junit_xml(bundle(report(failing()), tmp_path)))
    found = root.find(".//testcase[@name='no_orphaned_resources']/failure")
    assert found is not None
    text = found.text or ""
    assert "After a saga that says compensated, nothing that it made is left." in text
    assert "lose_reply at payments.charge.create, call 1" in text
    assert 'The input: {"sku":"A"}' in text
    assert "Replay: saga-chaos replay out/failures/order-sim-no_orphaned_resources.json" in text


def test_faults_of_what_is_not_claimed_are_told_as_such_wherever_it_fails(tmp_path: Path) -> None:
    write_findings(tmp_path)
    by_death = failure(plan=CRASH)
    told = msgspec.structs.replace(by_death, unclaimed=("process_death",), added_claims=("process_death",))
    write_failure(told, tmp_path / "failures" / "order-sim-no_orphaned_resources.json")
    given = report(msgspec.structs.replace(failing(), unclaimed=True))
    read = bundle(given, tmp_path)
    said = "By faults of what the saga does not claim: process_death."
    for text in (summary_md(read), report_html(read), junit_xml(read).decode()):
        assert said in text
        assert "the process dies once payments.charge.create #1 was applied, twice in a row" in text
    assert "With --unclaimed the faults of every guarantee were sent" in summary_md(read)
    assert "not claimed, not exercised" in report_html(read)


def test_a_refuted_guarantee_leads_to_its_failure_file_and_an_impossible_one_says_why(
    tmp_path: Path,
) -> None:
    page = report_html(bundle(report(failing()), tmp_path))
    assert '<a href="failures/order-sim-no_orphaned_resources.json">' in page
    assert "a plain function cannot be cancelled" in page


def test_junit_is_never_green_for_what_did_not_pass(tmp_path: Path) -> None:
    lacks = msgspec.structs.replace(inconclusive(), invariants=inconclusive().invariants[:1])
    root = ET.fromstring(junit_xml(bundle(report(lacks), tmp_path)))
    error = root.find(".//testcase[@name='verdict']/error")
    assert error is not None
    assert "crash_during_compensation was never seen" in (error.text or "")


def test_junit_drops_what_xml_cannot_hold(tmp_path: Path) -> None:
    first, crashed = inconclusive().invariants
    odd = msgspec.structs.replace(crashed, crash="bell \x07 and \x00 <tag> ]]> & \ud800")
    given = msgspec.structs.replace(inconclusive(), invariants=(first, odd))
    root = ET.fromstring(junit_xml(bundle(report(given), tmp_path)))
    assert "<tag> ]]> &" in "".join(root.itertext())


class Parsed(HTMLParser):
    """Collects tags and checks that they close."""

    VOID = ("meta", "br", "link", "img", "input", "hr", "wbr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(html: str) -> Parsed:
    page = Parsed()
    page.feed(html)
    assert not page.open
    return page


def test_page_is_whole_without_network_or_script(tmp_path: Path) -> None:
    html = report_html(bundle(report(failing(), passing(), inconclusive()), tmp_path))
    page = page_of(html)
    tags = {tag for tag, _ in page.seen}
    assert not tags & {"img", "iframe", "object", "base", "form"}
    assert [dict(attributes) for tag, attributes in page.seen if tag == "script"] == [{}]
    links = [attributes for tag, attributes in page.seen if tag == "link"]
    assert links == [{"rel": "icon", "href": "data:,"}]
    outside = [one for _, attributes in page.seen for name, one in attributes.items() if name == "src"]
    assert not outside
    assert not re.findall(r"@import|url\((?!#)", html)
    assert "prefers-color-scheme: dark" in html
    assert "saga-chaos replay out/failures/order-sim-no_orphaned_resources.json" in html
    assert "Verdict." not in html
    assert "Judgement." not in html


def test_the_top_says_how_far_where_from_and_what_changed(tmp_path: Path) -> None:
    """Before the first finding, whose diagrams fill screens."""
    came = Provenance(
        command="saga-chaos run order",
        began="2026-01-02T03:04:05Z",
        seed=7,
        commit="abc1234",
        uncommitted=True,
    )
    given = msgspec.structs.replace(report(failing()), provenance=came)
    write_findings(tmp_path)
    banner, _ = report_html(read_bundle(given, tmp_path)).split('<main id="main">')
    told = (
        "guided and Hypothesis, depth 2, 318 plans left out",
        "1 invariant and 2 guarantees",
        "2026-01-02T03:04:05Z, seed 7, saga-chaos 0.1.0",
        "commit abc1234 and changes that are not committed",
        "saga-chaos run order",
        "There is no earlier report to compare with.",
    )
    assert [one for one in told if one not in banner] == []
    write_report(report(failing()), tmp_path / "previous" / "report.json")
    assert "2 still failing" in report_html(read_bundle(given, tmp_path))


def test_page_escapes_what_others_wrote(tmp_path: Path) -> None:
    evil: Any = "<script>alert(1)</script>"
    one = failing()
    invariants = (msgspec.structs.replace(one.invariants[0], claim=evil), *one.invariants[1:])
    given = msgspec.structs.replace(one, name=evil, invariants=invariants, notes=(evil,))
    html = report_html(bundle(report(given), tmp_path))
    assert html.count("<script") == 1
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


def test_only_our_script_may_run(tmp_path: Path) -> None:
    html = report_html(bundle(report(failing()), tmp_path))
    script = html.split("<script>")[1].split("</script>")[0]
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{hashed}&#39;" in html or f"script-src 'sha256-{hashed}'" in html
    assert "default-src 'none'" in html


def test_page_is_the_same_twice(tmp_path: Path) -> None:
    given = bundle(report(failing(), passing()), tmp_path)
    assert report_html(given) == report_html(given)


def test_page_of_nothing_much() -> None:
    empty = Bundle(report=report(passing()), folder=FOLDER, violations=(), histories={})
    page_of(report_html(empty))


def test_matrix_has_kinds_across_and_operations_down() -> None:
    made = matrix(failing())
    assert made is not None
    assert made.kinds[0] == "refuse"
    assert made.lines[0][0] == "inventory.reservation.create"
    last = dict(zip(made.kinds, made.lines[-1][1], strict=True))["late"]
    assert (last.state, last.reason) == (
        State.IMPOSSIBLE,
        "a request held past its own undo has nothing left to undo",
    )
    assert matrix(passing()) is None


def test_the_summary_says_when_by_which_command_and_what_is_new(tmp_path: Path) -> None:
    came = Provenance(began="2026-11-21T18:16:25Z", command="saga-chaos run `x` --out out")
    before = msgspec.structs.replace(
        failing(),
        invariants=tuple(
            msgspec.structs.replace(one, verdict=Verdict.HELD) if one.id == "idempotent_actions" else one
            for one in failing().invariants
        ),
    )
    given = msgspec.structs.replace(report(failing()), provenance=came)
    text = summary_md(dataclasses.replace(bundle(given, tmp_path), previous=report(before)))
    assert ", 31.4 s, 2026-11-21T18:16:25Z\n\n``saga-chaos run `x` --out out``\n" in text
    since = text.partition("## Since the report before\n\n")[2].partition("\n\n")[0]
    assert since.splitlines() == [
        r"- still failing: no_orphaned_resources in order (sim)",
        r"- new: idempotent_actions in order (sim)",
    ]


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (100, "40 ms / 5.00 s / 12.5 s (100 sagas)"),
        (40, "40 ms / 5.00 s / too few (40 sagas)"),
        (0, "none measured"),
    ],
)
def test_no_percentile_is_told_that_the_sample_does_not_carry(tmp_path: Path, n: int, told: str) -> None:
    latency = CompensationLatency(p50=0.04, p95=5.004, p99=12.5, n=n)
    one = msgspec.structs.replace(failing(), compensation_latency_s=latency)
    assert f"| {told} |" in summary_md(bundle(report(one), tmp_path))
    html = report_html(bundle(report(one), tmp_path))
    after = html.partition('class="number">p99')[2]
    cells = re.findall(r'<td class="number">([^<]+)</td>', after)
    assert cells[:3] == (told.partition(" (")[0].split(" / ") if n else [])


def test_a_page_of_many_long_findings_stays_small_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    given = report(*(_long_one(number, tmp_path) for number in range(10)))
    html = report_html(read_bundle(given, tmp_path))
    assert html.count('<article class="finding"') == 140
    assert html.count('class="seq"') == 40
    assert "too long to tell every finding in full" in html
    assert "The first 200 of 301 are shown" in html
    assert "The first 24 of 301 are shown" in html
    assert len(html.encode()) < 3_000_000


def test_a_page_of_very_many_cells_stays_small_and_keeps_what_was_violated(tmp_path: Path) -> None:
    """As two dozen scenarios and 3 MB, in little."""
    write_findings(tmp_path)
    read = read_bundle(report(*(_wide_one(number) for number in range(2))), tmp_path)
    assert len(report_html(read).encode()) > 700_000
    html = report_html(read, most_bytes=350_000)
    assert len(html.encode()) < 350_000
    assert "no run of a cell is shown" in html
    cells = set(re.findall(r'<tr id="(cell-[0-9a-f]+)"', html))
    assert cells
    assert set(re.findall(r'href="#(cell-[0-9a-f]+)"', html)) == cells
    assert set(re.findall(r'<span class="chip state-(\w+)">', html)) == {"violated", "unfired"}


def _wide_one(number: int) -> ScenarioReport:
    """Twenty operations and all the kinds, one in five of which never fired."""
    kinds = (
        "refuse",
        "lose_reply",
        "error_after",
        "reject",
        "throttle",
        "slow",
        "late",
        "cut_reply",
        "partial",
    )
    counts = tuple(
        SiteCount(kind=kind, operation=f"service-{place}.resource.create", planned=9, fired=(place + one) % 5)
        for place in range(20)
        for one, kind in enumerate((*kinds, *(f"own_{own}" for own in range(20))))
    )
    charge = SiteCount(kind="lose_reply", operation="payments.charge.create", planned=40, fired=40)
    made = failing(name="order" if not number else f"order-{number}")
    return msgspec.structs.replace(made, faults=Faults(planned=9, fired=9, by_operation=(charge, *counts)))


def test_the_first_finding_of_each_scenario_is_drawn_before_the_second_of_any(tmp_path: Path) -> None:
    read = read_bundle(report(*(_long_one(number, tmp_path) for number in range(10))), tmp_path)
    page = Page(read, Room(drawn=10))
    drawn = {one.scenario.title for one in page.findings if page.drawn(one)}
    assert drawn == {one.title for one in read.report.scenarios}


def _long_one(number: int, folder: Path) -> ScenarioReport:
    """A scenario with a counterexample for each invariant, of three hundred calls."""
    name = f"order-{number}"
    events = list(late_charge().events[:6])
    for nth in range(1, 301):
        events.append(sent(nth + 1, float(nth), "charge", f"DELETE /charges/{'x' * 30}", undo=True, nth=nth))
        events.append(CallAnswered(t_s=nth + 0.5, call=nth + 1, status=503))
    (folder / "histories").mkdir(exist_ok=True)
    write_history(History(tuple(events)), folder / "histories" / f"{name}.ndjson")
    invariants = []
    for place, id_ in enumerate(IDS):
        plan = FaultPlan((Fault(kind="late", operation="payments.charge.create", nth=place + 1),))
        told = msgspec.structs.replace(
            failure(id_, plan),
            scenario=ScenarioRef(name=name, reference=name),
            history=f"histories/{name}.ndjson",
            evidence=(6, 40),
        )
        path = f"failures/{name}-{id_}.json"
        write_failure(told, folder / path)
        invariants.append(Invariant(id=id_, verdict=Verdict.VIOLATED, runs=9, violations=3, failure=path))
    return msgspec.structs.replace(failing(name), invariants=tuple(invariants))
