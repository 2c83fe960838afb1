"""docs/judgement.md: every rule names tests that exist, and every invariant and kind has its rules."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from harness.faults import KINDS
from harness.invariants import INVARIANTS
from harness.saga import Claim
from tests.docs.blocks import ROOT

TEXT = (ROOT / "docs" / "judgement.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests"
RULES = tuple(re.findall(r"^- .*$", TEXT, flags=re.MULTILINE))
NAMED = re.compile(r"`(?P<file>[\w/]+\.py)::(?P<test>test_\w+)(?:\[(?P<style>\w+)\])?`")
PROCESSES = TEXT.index("## Crash, freeze, two executors")
WITHOUT = "*No test yet.*"


@cache
def _tests_in(file: str) -> frozenset[str]:
    path = TESTS / file
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_rule_names_a_test_or_says_that_there_is_none() -> None:
    assert len(RULES) > 80
    silent = [rule for rule in RULES if not NAMED.search(rule) and not rule.endswith(WITHOUT)]
    assert silent == []


def test_every_test_that_is_named_is_there() -> None:
    missing = [found[0] for found in NAMED.finditer(TEXT) if found["test"] not in _tests_in(found["file"])]
    assert missing == []


def test_every_style_that_is_named_is_there() -> None:
    styles = [found["style"] for found in NAMED.finditer(TEXT) if found["style"] is not None]
    assert styles
    assert [style for style in styles if not (TESTS / "sound" / style / "saga.toml").exists()] == []


def test_rules_without_a_test_are_those_of_processes_alone() -> None:
    assert WITHOUT not in TEXT[:PROCESSES]


@pytest.mark.parametrize("invariant", INVARIANTS.ours)
def test_an_invariant_has_its_alarm_and_the_plant_that_raises_it(invariant: str) -> None:
    assert f"**{invariant}**" in TEXT
    assert f"`planted/invariants/test_{invariant}.py::" in TEXT


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_in_the_table_and_under_its_claim(kind: str) -> None:
    (claims,) = re.findall(r"^## Claims$.*?(?=^## )", TEXT, flags=re.MULTILINE | re.DOTALL)
    (faults,) = re.findall(r"^## Faults$.*?(?=^## )", TEXT, flags=re.MULTILINE | re.DOTALL)
    enabled_by = KINDS[kind].claim
    (row,) = [line for line in claims.splitlines() if re.search(rf"[ |]{kind}[ ,]", line) and "|" in line]
    assert f"`{enabled_by}`" in row if enabled_by else "(always)" in row
    first_cells = [line.split("|")[1] for line in faults.splitlines() if line.startswith("|")]
    assert any(kind in cell.replace("/", " ").split() for cell in first_cells)


@pytest.mark.parametrize("claim", Claim)
def test_a_claim_is_in_the_table_with_what_is_sent_for_it(claim: Claim) -> None:
    (row,) = [line for line in TEXT.splitlines() if line.startswith("|") and f"`{claim}`" in line]
    _, _, sent, verified, _ = row.split("|")
    assert all(kind.name in sent for kind in KINDS.values() if kind.claim is claim)
    assert verified.strip()


def test_links_lead_somewhere() -> None:
    pages = (f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", *pages):
        path = ROOT / document
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{document}: {target}"
        assert _paths_named_in(path) == [], document


def _paths_named_in(path: Path) -> list[str]:
    """Files and folders of ours that a document names in code, and that are not there."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    named = re.findall(r"`((?:harness|fakes|scenarios|reports|tests)/[\w./]+)`", text)
    made = set(re.findall(r"^`([\w./]+)`:$", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    return [one for one in named if one not in made and not (ROOT / one).exists() and "/out" not in one]
