"""docs/runs.md names every field of a run, every line and every part."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from harness.campaign.records import PARTS, Line, RunLine

PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(\w+)`", PAGE))


@pytest.mark.parametrize("name", [*RunLine.__struct_fields__, *PARTS])
def test_each_field_and_part_is_explained(name: str) -> None:
    assert name in NAMED


def test_each_line_is_explained() -> None:
    assert {one.__struct_config__.tag for one in get_args(Line)} <= NAMED
