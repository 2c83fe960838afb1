"""What a person does with report.html, done by a browser."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from harness.history import ExecutorEnded, History, write_history
from harness.plan import Fault, FaultPlan
from harness.report_model import Report, write_failure, write_report
from reports.bundle import read_bundle
from reports.html import report_html
from tests.browser.conftest import Open, Opened
from tests.unit.cli.console import SCRIPT
from tests.unit.reports.samples import (
    crashed,
    failing,
    failure,
    inconclusive,
    late_charge,
    lost_charge,
    passing,
    report,
    write_findings,
)

WIDTHS = (390, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
EVIL: Any = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"' onmouseover=alert(3) \u202e\x1b[2J{{ 7*7 }}"
)

OVERFLOWS = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
FAINT = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const under = (at) => {
    for (; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0.99) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const wrong = [];
  for (const one of document.querySelectorAll("body *:not(script):not(svg *)")) {
    const own = Array.from(one.childNodes).some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !one.offsetParent || one.closest("svg")) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(under(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const told = `${one.tagName}.${one.className}: ${ratio.toFixed(2)} ${one.textContent.slice(0, 30)}`;
    if (ratio < 4.5) wrong.push(told);
  }
  return wrong;
}"""


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    """Everything that a page can hold: violations, a check that crashed, a process that dies."""
    write_findings(tmp_path)
    write_history(crashed(), tmp_path / "histories" / "crashed.ndjson")
    by_death = FaultPlan(
        (Fault(kind="crash", operation="payments.charge.create", count=2, variant="applied"),)
    )
    other = msgspec.structs.replace(
        failure("idempotent_actions", by_death), history="histories/crashed.ndjson", evidence=(7,)
    )
    write_failure(other, tmp_path / "failures" / "order-sim-idempotent_actions.json")
    write_history(late_charge(), tmp_path / "histories" / "late.ndjson")
    write_report(report(passing()), tmp_path / "previous" / "report.json")
    return rendered(report(failing(), passing(), inconclusive()), tmp_path)


def rendered(given: Report, folder: Path) -> Path:
    path = folder / "report.html"
    path.write_text(report_html(read_bundle(given, folder)), encoding="utf-8")
    return path


def hash_of(opened: Opened) -> str:
    return str(opened.page.evaluate("location.hash"))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wrong_fetched_cut_off_or_faint(
    page_file: Path, open_page: Open, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    opened = open_page(page_file, width=width, scheme=scheme)
    opened.page.get_by_role("button", name="Open or close all").click()
    assert opened.wrong == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [page_file.as_uri()]
    assert opened.page.evaluate(OVERFLOWS) == 0
    assert opened.page.evaluate(FAINT) == []
    shot = opened.page.screenshot(path=tmp_path / f"{width}-{scheme}.png", full_page=True)
    assert len(shot) > 50_000


def test_light_and_dark_are_not_the_same(page_file: Path, open_page: Open) -> None:
    light, dark = (
        open_page(page_file, scheme=scheme).page.evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in SCHEMES
    )
    assert light != dark


@pytest.mark.parametrize("width", WIDTHS)
def test_each_finding_is_reached_by_keyboard(page_file: Path, open_page: Open, width: int) -> None:
    opened = open_page(page_file, width=width)
    anchors = opened.page.eval_on_selector_all(".finding", "all => all.map((one) => one.id)")
    assert len(anchors) == 2
    for anchor in anchors:
        opened.page.goto(page_file.as_uri())
        for _ in range(60):
            opened.page.keyboard.press("Tab")
            if opened.page.evaluate("document.activeElement.getAttribute('href')") == f"#{anchor}":
                break
        opened.page.keyboard.press("Enter")
        assert hash_of(opened) == f"#{anchor}"
        assert opened.page.locator(f"#{anchor} h3").is_visible()
        assert abs(opened.page.locator(f"#{anchor}").bounding_box()["y"]) < 100


def test_everything_that_opens_opens_by_keyboard(page_file: Path, open_page: Open) -> None:
    opened = open_page(page_file)
    closed = opened.page.locator("main details:not([open]) > summary")
    for _ in range(closed.count()):
        closed.first.focus()
        opened.page.keyboard.press("Enter")
    assert closed.count() == 0


def test_a_cell_of_the_matrix_leads_to_what_is_known_of_it(page_file: Path, open_page: Open) -> None:
    opened = open_page(page_file)
    opened.page.locator(".matrix a").filter(has_text="something was violated").first.press("Enter")
    row = opened.page.locator(f"tr{hash_of(opened)}")
    assert row.is_visible()
    row.get_by_role("link").first.press("Enter")
    assert opened.page.locator(hash_of(opened)).get_attribute("class") == "finding"


def test_the_filter_leaves_what_fits_and_says_how_many(page_file: Path, open_page: Open) -> None:
    opened = open_page(page_file)
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("finding crash")
    assert opened.page.locator(".finding:visible").count() == 1
    assert (
        opened.page.get_by_role("status").text_content()
        == "1 of " + str(opened.page.locator("[data-search]").count()) + " entries"
    )
    opened.page.keyboard.press("Escape")
    assert opened.page.locator(".finding:visible").count() == 2


def test_new_and_fixed_can_be_filtered(page_file: Path, open_page: Open) -> None:
    opened = open_page(page_file)
    opened.page.get_by_role("searchbox").fill("finding new")
    assert opened.page.locator(".finding:visible").count() == 2


def test_it_works_without_scripts(page_file: Path, open_page: Open) -> None:
    opened = open_page(page_file, scripts=False)
    assert opened.page.locator(".finding:visible").count() == 2
    assert opened.page.locator("button:visible, input:visible").count() == 0
    assert opened.page.locator("svg.seq:visible").count() == 2
    opened.page.locator(".finding summary").first.click()
    assert opened.page.locator(".finding .time:visible").count() == 1
    opened.page.locator("nav a", has_text="Coverage").click()
    assert opened.page.url.endswith("#coverage")
    assert opened.wrong == []


def test_it_prints_all_that_is_closed_on_the_screen(page_file: Path, open_page: Open) -> None:
    opened = open_page(page_file, scripts=False)
    opened.page.emulate_media(media="print")
    assert opened.page.locator("nav:visible").count() == 0
    assert opened.page.locator(".finding .time").first.is_visible()
    assert len(opened.page.pdf()) > 20_000


def test_what_a_hostile_saga_wrote_runs_nowhere(open_page: Open, tmp_path: Path) -> None:
    events = tuple(
        ExecutorEnded(
            t_s=one.t_s,
            executor=1,
            saga_id=one.saga_id,
            status="compensated",
            detail={"error": EVIL, EVIL: EVIL},
        )
        if isinstance(one, ExecutorEnded)
        else one
        for one in lost_charge().events
    )
    write_findings(tmp_path)
    write_history(History(events), tmp_path / "histories" / "order-1.ndjson")
    evil = msgspec.structs.replace(failure(), message=EVIL, claim=EVIL, input={EVIL: [EVIL]})
    named = msgspec.structs.replace(evil.scenario, name=EVIL, reference=EVIL)
    for invariant in ("no_orphaned_resources", "idempotent_actions"):
        write_failure(
            msgspec.structs.replace(evil, scenario=named, invariant=invariant),
            tmp_path / "failures" / f"order-sim-{invariant}.json",
        )
    one = failing(name=EVIL)
    invariants = tuple(msgspec.structs.replace(each, claim=EVIL) for each in one.invariants)
    given = report(msgspec.structs.replace(one, invariants=invariants, notes=(EVIL,), lacking=(EVIL,)))
    opened = open_page(rendered(given, tmp_path))
    opened.page.get_by_role("button", name="Open or close all").click()
    opened.page.mouse.move(300, 300)
    assert opened.wrong == []
    assert opened.page.locator("img, script, main [onmouseover]").count() == 1
    assert opened.page.locator(".finding").count() == 1
    assert "alert(1)" in opened.page.locator(".finding h3").first.inner_text()


def copied(opened: Opened, button: int) -> str:
    """What is on the clipboard after one of the buttons of the first finding was pressed by keyboard."""
    one = opened.page.locator(".finding").first.locator("button.copy").nth(button)
    one.press("Enter")
    opened.page.wait_for_function(
        "(index) => document.querySelector('.finding').querySelectorAll('button.copy')[index]"
        ".textContent === 'Copied'",
        arg=button,
    )
    return str(opened.page.evaluate("navigator.clipboard.readText()"))


def test_the_copied_replay_command_runs(searched: Path, open_page: Open) -> None:
    command = shlex.split(copied(open_page(searched / "out" / "report.html"), 0))
    assert command[:2] == ["saga-chaos", "replay"]
    done = subprocess.run(
        [str(SCRIPT), *command[1:]], cwd=searched, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.stdout.splitlines()[-1].startswith("STILL FAILS  ")
    assert done.returncode == 1


def test_the_copied_pytest_function_fails_by_the_invariant(searched: Path, open_page: Open) -> None:
    opened = open_page(searched / "out" / "report.html")
    opened.page.get_by_role("button", name="Open or close all").click()
    text = copied(opened, 1)
    (searched / "test_copied.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_copied.py"],
        cwd=searched,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    title = opened.page.locator(".finding h3").first.inner_text()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert title in done.stdout
