"""The recipes of CONTRIBUTING.md: put into a copy of the sources, each does what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks, edit, edited_file

DOCUMENT = "CONTRIBUTING.md"
COPIED = ("harness", "fakes", "scenarios", "reports", "tests")
SKIPPED = shutil.ignore_patterns("__pycache__", "out")

CLOSED = (
    *(f"tests/unit/{room}" for room in ("faults", "invariants", "participant", "plan", "campaign", "loader")),
    "tests/unit/scenarios/test_registry.py",
    "tests/unit/test_public_names.py",
    "tests/planted/test_on_the_wire.py::test_every_invariant_and_every_kind_has_its_plant",
    "tests/planted/test_worlds_agree.py::test_the_sample_is_over_all_kinds",
)

ELSEWHERE = "our_checks/"
"""A package of somebody else's: `test_a_package_of_your_own.py`."""

FILES = {
    block.name: block
    for block in blocks(DOCUMENT)
    if block.name is not None and not block.name.startswith(ELSEWHERE)
}
EDITED = {edited_file(block) for block in blocks(DOCUMENT) if block.language == "diff"}
TESTS = [name for name in FILES if name.startswith("tests/")]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources with every recipe in them."""
    folder = tmp_path_factory.mktemp("recipes")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=SKIPPED)
    for name in ("pyproject.toml", "saga_chaos_entry.py"):
        shutil.copy(ROOT / name, folder)
    for name, block in FILES.items():
        assert not (folder / name).exists(), f"{name} is there already: the recipe is no recipe any more"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(block.body)
    for block in blocks(DOCUMENT):
        if block.language == "diff":
            file = folder / edited_file(block)
            file.write_text(edit(file.read_text(), block.body))
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """With the copy's packages in place of ours."""
    around = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**around, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_there_is_a_recipe_for_each_thing_that_can_be_added() -> None:
    sections = list(dict.fromkeys(block.section for block in blocks(DOCUMENT) if block.name in TESTS))
    assert sections == ["A participant", "A scenario", "A fault kind", "An invariant", "An adapter"]


@pytest.mark.long
@pytest.mark.parametrize("name", TESTS)
def test_its_own_test_passes(copy: Path, name: str) -> None:
    done = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_what_was_added_is_shown(copy: Path) -> None:
    """By the command line, of the copy and not of this checkout."""
    listed = run(copy, "-m", "harness.cli", "list")
    assert "reward" in listed.stdout, listed.stderr
    code = "import harness.invariants as found; print(found.__file__, *found.INVARIANTS)"
    shown = run(copy, "-c", code)
    assert str(copy) in shown.stdout
    assert "bounded_queries" in shown.stdout


@pytest.mark.long
def test_nothing_else_asks_for_a_line(copy: Path) -> None:
    """What fails with all recipes in place is what the document says will."""
    told = set(re.findall(r"`(tests/[\w/]+\.py::test_\w+)`", (ROOT / DOCUMENT).read_text()))
    done = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", *CLOSED)
    assert set(re.findall(r"^FAILED ([\w/.]+::\w+)", done.stdout, flags=re.MULTILINE)) == told, done.stdout


def test_what_is_planted_is_found_on_the_wire_too(copy: Path) -> None:
    chosen = ("tests/planted/test_on_the_wire.py", "-k", "gateway or bounded_queries")
    done = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", *chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_the_arrows_still_point_one_way(copy: Path) -> None:
    done = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "tests/test_layering.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_in_the_house_style(copy: Path) -> None:
    files = sorted({*FILES, *EDITED})
    checks = (("ruff", "check", *files), ("ruff", "format", "--diff", *files), ("mypy", *files))
    failed = [done.stdout + done.stderr for one in checks if (done := run(copy, "-m", *one)).returncode]
    assert failed == []


def test_each_is_one_new_file_beside_its_test() -> None:
    sources = [name for name in FILES if not name.startswith("tests/")]
    assert len(sources) == len(TESTS) == 5
    registered = {
        "scenarios/__init__.py",
        "harness/faults/__init__.py",
        "harness/invariants/__init__.py",
        "harness/loader/adapters/__init__.py",
    }
    assert registered == EDITED
