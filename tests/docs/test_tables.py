"""Every table of TOML in the documents loads, the lines that are commented out among them.

A table that is a part of a scenario gets what it lacks: a saga, participants, a step.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bench.profile_file import read_profile
from harness.loader import load_scenario
from reports.policy_file import read_policy
from tests.docs.blocks import ROOT, Block, blocks
from tests.two_steps import TWO_STEPS

DOCUMENTS = ("README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
TABLES = [one for document in DOCUMENTS for one in blocks(document) if one.language == "toml"]
PLAYED = "async def {name}(ctx, input):\n    return {{'status': 'completed'}}\n"
SAGA = 'saga = { adapter = "callable", target = "sagas.py:order" }\n'
STEP = '\n[[steps]]\nname = "s"\naction = "{resource}.create"\n'


@pytest.fixture(autouse=True)
def _path_put_back() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before


def named(block: Block) -> str:
    return f"{Path(block.document).name}: {block.body.splitlines()[0]}"


def test_there_are_tables() -> None:
    assert {one.document for one in TABLES} >= {"docs/callable.md", "docs/command.md", "docs/http.md"}


@pytest.mark.parametrize("block", TABLES, ids=named)
def test_every_table_loads(block: Block, tmp_path: Path) -> None:
    if block.document == "docs/benchmark.md":
        (tmp_path / "link.toml").write_text(block.body)
        assert read_profile(str(tmp_path / "link.toml")).links
    elif block.document == "docs/gate.md":
        (tmp_path / "chaos.toml").write_text(block.body)
        assert read_policy(tmp_path / "chaos.toml")
    else:
        loads(block.body, block, tmp_path)


COMMENTED = [
    (block, line[2:])
    for block in TABLES
    for line in block.body.splitlines()
    if re.match(r"# \w+ = ", line) and block.document != "docs/benchmark.md"
]


@pytest.mark.parametrize(("block", "line"), COMMENTED, ids=lambda one: one if isinstance(one, str) else "")
def test_every_line_that_is_commented_out_loads(block: Block, line: str, tmp_path: Path) -> None:
    key = re.escape(line.partition(" = ")[0])
    body = re.sub(rf"^{key} = .*\n", "", block.body, flags=re.MULTILINE)
    loads(body.replace(f"# {line}", line), block, tmp_path)


def loads(body: str, block: Block, folder: Path) -> None:
    """As a scenario, with what it lacks."""
    text = body
    if "format_version" not in text:
        head = 'format_version = 1\nname = "table"\n'
        text = head + (text if re.search(r"^(\[saga\]|saga = )", text, re.MULTILINE) else SAGA + text)
    if "participants" not in text:
        text += TWO_STEPS
    elif "steps" not in text:
        (resource, *_) = re.findall(r"\[participants\.(\w+)\.resources\.(\w+)\]", text)
        text += STEP.format(resource=".".join(resource))
    for file, name in re.findall(r"[\"'](\w+\.py):(\w+)", text):
        files = [one.body for one in blocks(block.document) if one.name == file]
        source = [one for one in files if re.search(rf"^(async def|def|class) {name}\b", one, re.MULTILINE)]
        with (folder / file).open("a") as written:
            written.write(source[0] if source else PLAYED.format(name=name))
    (folder / "saga.toml").write_text(text)
    scenario = load_scenario(str(folder / "saga.toml"), registered={})
    assert scenario.participants
    assert scenario.spec.steps or "handlers" in text
