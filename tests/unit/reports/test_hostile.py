"""Names, messages, inputs and outputs of a hostile saga are text wherever they are shown."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from harness.plan import Fault, FaultPlan
from harness.report_model import Impossible, LeftOver, Report, ScenarioReport, ScenarioVerdict, write_report
from reports.annotations import campaign_annotations, gate_annotations
from reports.bundle import Bundle, Violation
from reports.console import CampaignConsole
from reports.escape import markdown, markdown_block, markdown_cell_code, markdown_code, printable
from reports.gate import gate_folder
from reports.junit import junit_xml
from reports.summary import summary_md
from tests.unit.reports.junit_rules import JENKINS, problems
from tests.unit.reports.samples import failing, failure, inconclusive, report
from tests.unit.reports.test_gate import TODAY

HOSTILE = (
    "\x1b[2J\x1b]0;PASS\x07",
    "a\r\nb\n\n# PASS\n",
    "::error file=x::y",
    "| a | b |\n|---|---|",
    "```\nnot code\n```",
    "`` ` ``",
    "`<b>out of the span</b>`",
    "</testcase><testcase name='x'/>",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[click](http://evil.example) ![x](http://evil.example/y.png) <http://evil.example>",
    "&lt;&#60;&amp;",
    "**bold** __bold__ ~~gone~~ _it_ *it* $x$",
    "@everyone",
    "# heading",
    "- [ ] todo",
    "1. one",
    "> quote",
    "---",
    "\\| \\` \\\\",
    "\ud800 \udfff",
    "\u202e\u2066 right to left \u200b",
    "]]>",
    "\x00\ufffe\uffff",
    "100%0A::error::x",
    "trailing backslash \\",
)
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=20),
    st.text(alphabet="|`*_[]()<>\\&#-~!\n\r\t:/.1 \ud800\x1b", max_size=12),
)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def scenario(text: str) -> ScenarioReport:
    one = failing()
    invariants = [
        msgspec.structs.replace(each, claim=f"c{text}") if each.verdict == "violated" else each
        for each in one.invariants
    ]
    return msgspec.structs.replace(
        one,
        name=f"x{text}y",
        saga=text,
        invariants=tuple(invariants),
        notes=(f"n{text}",),
        advice=(f"a{text}",),
        lacking=(f"l{text}",),
        impossible=(Impossible(fault=f"f{text}", operation=f"o{text}", reason=f"r{text}"),),
        left_over=(LeftOver(resource=f"r{text}", step=f"s{text}"),),
        guarantees=(msgspec.structs.replace(one.guarantees[0], failure=f"failures/{text}.json"),),
    )


def bundle(text: str) -> Bundle:
    """A report in which everything that can come from a saga is this text."""
    one = scenario(text)
    plan = FaultPlan((Fault(kind="lose_reply", operation=f"p.{text}.create"),))
    found = msgspec.structs.replace(
        failure(plan=plan),
        message=f"m{text}",
        claim=f"c{text}",
        input={"text": text.encode("utf-8", "replace").decode()},
        timeline=(f"t{text}", f"> {text}"),
    )
    crashed = inconclusive()
    broken = msgspec.structs.replace(crashed.invariants[1], crash=f"Traceback\n{text}")
    unsure = msgspec.structs.replace(crashed, invariants=(crashed.invariants[0], broken))
    given = Report(verdict=ScenarioVerdict.FAIL, scenarios=(one, unsure), environment=f"e{text}")
    violated = [each for each in one.invariants if each.verdict == "violated"]
    return Bundle(
        report=given,
        folder=Path("out"),
        violations=(
            Violation(scenario=one, invariant=violated[0], failure=found),
            Violation(scenario=one, invariant=violated[1], problem=f"p{text}"),
        ),
        histories={},
    )


def outline(text: str) -> list[str]:
    """The blocks of a Markdown document, without their text."""
    return [token.type for token in MARKDOWN.parse(text)]


def inline(text: str) -> list[Token]:
    return [child for token in MARKDOWN.parse(text) for child in token.children or ()]


HARMLESS = {"text", "text_special", "strong_open", "strong_close", "code_inline", "softbreak"}


@given(TEXTS)
@example("\\")
@example("a\\|b`")
@settings(max_examples=150, deadline=None)
def test_in_the_summary_it_changes_no_block_and_opens_no_element(text: str) -> None:
    written = summary_md(bundle(text))
    written.encode()
    assert outline(written) == outline(summary_md(bundle("z")))
    assert {one.type for one in inline(written)} <= HARMLESS | {"html_inline"}
    assert {one.content for one in inline(written) if one.type == "html_inline"} <= {"<!-- -->"}
    assert not re.search(r"(?<!\\)(?:https?:)//", re.sub(r"(?s)(`{3,}).*?\n\1|`[^`]*`", "", written))


def shown(markup: str) -> str:
    kinds = {"text", "text_special", "code_inline"}
    return "".join(one.content for one in inline(markup) if one.type in kinds)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_in_markdown_it_is_shown_as_it_is(text: str) -> None:
    told = printable(text)
    assert shown(f"x{markdown(text)}y") == f"x{told.strip()}y"
    assert shown(f"x{markdown_code(text)}y") == f"x{told}y"
    assert shown(f"| x{markdown(text)}y |\n| --- |\n") == f"x{told.strip()}y"
    cell = shown(f"| x{markdown_cell_code(text)}y |\n| --- |\n")
    assert cell.replace(" ", "") == f"x{told}y".replace(" ", "")
    (block,) = MARKDOWN.parse(markdown_block(text))
    assert block.type == "fence"
    assert [printable(line) for line in block.content.splitlines()] == block.content.splitlines()


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_in_junit_it_is_text_and_the_schema_is_kept(text: str) -> None:
    written = junit_xml(bundle(text))
    assert problems(written, JENKINS) == []
    root = ET.fromstring(written)
    assert root[0].get("name") == printable(f"x{text}y (sim)")
    found = root.find(".//testcase[@name='no_orphaned_resources']/failure")
    assert found is not None
    assert found.get("message") == printable(f"m{text}")
    assert printable(f"> {text.split(chr(10), maxsplit=1)[0]}".rstrip("\r")) in (found.text or "")


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_an_annotation_is_one_line_and_one_command(text: str) -> None:
    lines = [*campaign_annotations(bundle(text))]
    assert len(lines) == 4
    for line in lines:
        line.encode()
        assert printable(line) == line
        command = re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
        assert command is not None
        properties = dict(one.split("=", 1) for one in command[2].split(","))
        assert set(properties) == {"title"}
        assert re.search(r"%(?!25|0A)", command[3]) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_on_the_console_it_moves_no_cursor_and_begins_no_line(text: str) -> None:
    def printed(given: str) -> list[str]:
        stream = io.StringIO()
        console = CampaignConsole(stream, interactive=False)
        console.began(given, "sim")
        console.note(f"n{given}")
        console.ended(scenario(given))
        console.finished(bundle(given))
        stream.getvalue().encode()
        return stream.getvalue().splitlines()

    lines = printed(text)
    assert len(lines) == len(printed("z"))
    assert [line for line in lines if printable(line) != line] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_on_a_terminal_it_is_no_markup_and_no_escape_sequence(text: str) -> None:
    stream = io.StringIO()
    console = CampaignConsole(stream, interactive=True)
    console.began(f"[red]{text}", "sim")
    console.progressed(3, planned=4)
    console.interrupted()
    written = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", stream.getvalue())  # of rich itself
    assert re.findall(r"[\x00-\x09\x0b\x0c\x0e-\x1f]", written) == []


@pytest.mark.parametrize("text", [one for one in HOSTILE if "\ud800" not in one])
def test_the_gate_shows_it_on_its_line(tmp_path: Path, text: str) -> None:
    write_report(report(scenario(text)), tmp_path / "report.json")
    found = gate_folder(tmp_path, None, TODAY)
    assert [line for line in found.lines if printable(line) != line] == []
    assert all(printable(line) == line for line in gate_annotations(found))
