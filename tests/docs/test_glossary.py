"""docs/glossary.md: each word once, in a table; the words that it replaced are gone from the code."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
REPLACED = ("blow", "befall", "heir", "innocents", "accident", "tally", "passage", "so manyth", "overheard")
"""Words of our own for what has a name in the field."""


def _words() -> list[str]:
    rows = re.findall(r"^\| (\*\*.+?) \|", GLOSSARY, flags=re.MULTILINE)
    return [word for row in rows for word in re.findall(r"\*\*(.+?)\*\*", row)]


def test_each_word_is_explained_once() -> None:
    words = _words()
    assert len(words) > 40
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize("statement", ["README.md", "ARCHITECTURE.md"])
def test_it_can_be_found(statement: str) -> None:
    assert "docs/glossary.md" in (ROOT / statement).read_text()


@pytest.mark.parametrize("word", REPLACED)
def test_a_word_that_was_replaced_is_gone(word: str) -> None:
    pattern = re.compile(rf"(?<![A-Za-z]){word}s?(?![A-Za-z])", flags=re.IGNORECASE)
    left = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("harness", "reports", "fakes", "scenarios")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert left == []
