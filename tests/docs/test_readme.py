"""README.md and the pages of docs: what they say to copy can be copied, and what they show is printed."""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.arguments import parser
from harness.invariants import INVARIANTS
from harness.saga import Claim
from tests.docs.blocks import ROOT, blocks, edit, named, quoted
from tests.docs.figures import SECTION, WORDS, table

DOCUMENT = "README.md"
COUNTEREXAMPLES = "docs/counterexamples.md"
GATE = "docs/gate.md"
MUTATE = "docs/mutate.md"
PROCESS_FAULTS = "docs/process-faults.md"
SPEED = "docs/speed.md"
PAGES = (DOCUMENT, *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
EXAMPLE = ROOT / "scenarios" / "examples" / "first_saga"
FILES = ("saga.toml", "sagas.py")
RUN = "saga-chaos run saga.toml --out out"
CHAOS = "pip install nox && nox -s chaos"
DOCUMENTED = "saga-chaos run order-fulfilment-as-documented --out out"


def fix(folder: Path) -> None:
    (diff,) = [block.body for block in blocks(DOCUMENT) if block.language == "diff"]
    path = folder / "sagas.py"
    path.write_text(edit(path.read_text(), diff))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A newcomer's: empty but for the two files of the README."""
    for name in FILES:
        (tmp_path / name).write_text(named(DOCUMENT, name))
    return tmp_path


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    program, *arguments = command.split()
    modules = {"saga-chaos": "harness.cli", "pytest": "pytest"}
    around = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return subprocess.run(
        [sys.executable, "-m", modules[program], *arguments],
        cwd=folder,
        env=around,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("name", FILES)
def test_the_first_saga_is_the_one_in_the_examples(name: str) -> None:
    assert named(DOCUMENT, name) == (EXAMPLE / name).read_text()


def test_it_fails_as_shown_and_the_gate_says_why(folder: Path) -> None:
    done = run(folder, RUN)
    assert done.returncode == 1, done.stderr
    assert quoted(DOCUMENT, RUN, done.stdout) == []
    (folder / "chaos.toml").write_text(named(GATE, "chaos.toml"))
    gate = run(folder, "saga-chaos gate out --policy chaos.toml")
    assert gate.returncode == 1, gate.stderr
    assert quoted(GATE, "saga-chaos gate out --policy chaos.toml", gate.stdout) == []


def test_with_the_line_moved_it_passes(folder: Path) -> None:
    fix(folder)
    done = run(folder, RUN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert quoted(DOCUMENT, RUN, done.stdout) == []


def test_what_is_quoted_of_the_documented_saga_is_still_found(tmp_path: Path) -> None:
    done = run(tmp_path, DOCUMENTED)
    assert done.returncode == 1, done.stderr
    assert quoted(COUNTEREXAMPLES, DOCUMENTED, done.stdout) == []
    assert quoted(DOCUMENT, CHAOS, _every_search(done.stdout)) == []
    (shown,) = [
        block.body for block in blocks(COUNTEREXAMPLES) if block.body.startswith("$ saga-chaos replay")
    ]
    replay = shown.partition("\n")[0].removeprefix("$ ")
    again = run(tmp_path, replay)
    assert again.returncode == 1, again.stderr
    assert quoted(COUNTEREXAMPLES, replay, again.stdout) == []


def _every_search(last: str) -> str:
    """Of `nox -s chaos` only its last search is run here; what the README tells of the others is taken."""
    (body,) = [block.body for block in blocks(DOCUMENT) if block.body.startswith(f"$ {CHAOS}\n")]
    told = [line for line in body.splitlines() if line.startswith(("PASS", "INCONCLUSIVE"))]
    searched = [line.split(":")[0].partition(" ")[2].strip() for line in told if ":" in line]
    assert searched == [f"{name} ({world})" for world, names in _sound().items() for name in names]
    return "\n".join(["", *told, last.replace(" out/", " reports/out/chaos-documented/")])


def _sound() -> dict[str, tuple[str, ...]]:
    """What `nox -s chaos` searches, read from the noxfile: nox is not needed to run tests."""
    tree = ast.parse((ROOT / "noxfile.py").read_text())
    (value,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if node.targets[0].id == "SOUND"
    ]
    found: dict[str, tuple[str, ...]] = ast.literal_eval(value)
    return found


def test_what_is_not_claimed_is_refuted_as_shown(tmp_path: Path) -> None:
    command = "saga-chaos run order-fulfilment --unclaimed --search guided --depth 1 --out out"
    done = run(tmp_path, command)
    assert done.returncode == 1, done.stderr
    assert quoted(PROCESS_FAULTS, command, done.stdout) == []


def test_the_doctor_says_of_a_command_what_is_shown() -> None:
    command = "saga-chaos doctor scenarios/examples/order_python/saga.toml"
    done = run(ROOT, command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert quoted("docs/command.md", command, done.stdout) == []


def test_mistakes_planted_into_it_are_found_as_shown(folder: Path) -> None:
    fix(folder)
    only = "--only record_after_call --only key_shared --only retry_dropped"
    command = f"saga-chaos mutate saga.toml {only} --out out"
    done = run(folder, command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert quoted(MUTATE, command, done.stdout) == []


def test_its_tests_fail_and_pass_with_the_saga(folder: Path) -> None:
    (folder / "test_order.py").write_text(named("docs/pytest.md", "test_order.py"))
    command = "pytest -q -p no:cacheprovider -p no:cov test_order.py"
    broken = run(folder, command)
    assert "3 failed" in broken.stdout, broken.stdout + broken.stderr
    fix(folder)
    assert "3 passed" in run(folder, command).stdout


def test_the_benchmark_prints_what_is_shown(tmp_path: Path) -> None:
    command = "saga-chaos bench order-fulfilment --sagas 50 --out out"
    done = run(tmp_path, command)
    assert done.returncode == 0, done.stderr
    assert quoted("docs/benchmark.md", command, done.stdout) == []


def test_every_command_and_option_is_there() -> None:
    """What stands in code and looks like our command line is taken by the parser."""
    text = "\n".join((ROOT / page).read_text() for page in PAGES)
    (commands,) = [one for one in parser()._actions if isinstance(one, argparse._SubParsersAction)]
    help_ = " ".join(one.format_help() for one in commands.choices.values())
    options = {word for word in text.replace("`", " ").replace("|", " ").split() if word.startswith("--")}
    of_pytest = {"--saga-out", "--saga-no-stored"}
    ours = {word.strip(".,;:()*") for word in options if word[2:3].isalpha()} - of_pytest
    assert {word for word in ours if word not in help_} == set()


def test_what_it_counts_and_names_is_so() -> None:
    text = (ROOT / DOCUMENT).read_text()
    assert len(INVARIANTS.ours) == 14
    assert "fourteen invariants" in text
    pages = "".join((ROOT / page).read_text() for page in (PROCESS_FAULTS, "docs/verdicts.md"))
    assert all(f"`{claim}`" in pages for claim in Claim if claim is not Claim.IRREVERSIBLE_STEP)


def test_figures_are_measured_ones_or_none() -> None:
    (section,) = SECTION.findall((ROOT / SPEED).read_text())
    if section.startswith("Not measured"):
        return
    told = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")][2:]
    assert "`nox -s speed`" in section
    assert told == list(WORDS.values())


def test_the_table_of_figures_says_what_was_measured() -> None:
    rows: dict[str, dict[str, float | str | None]] = {
        "floor": {"median": 2270.912, "unit": "sagas/s", "ratio_to_floor": 1.0},
        "sim_guided_depth_2": {"median": 9.573, "unit": "s", "ratio_to_floor": None},
    }
    lines = table(rows, "a machine").splitlines()
    assert "on a machine." in lines[0]
    assert lines[-2:] == [
        f"| {WORDS['floor']} | 2,271 sagas/s | 100.0% |",
        f"| {WORDS['sim_guided_depth_2']} | 9.6 s |  |",
    ]


def test_what_was_not_printed_is_found_out() -> None:
    """The comparison itself: of another output nothing is taken for told."""
    for page in PAGES:
        for block in blocks(page):
            command = block.body.partition("\n")[0].removeprefix("$ ")
            if command.startswith("saga-chaos ") and "\nPASS" not in block.body:
                assert quoted(page, command, "something else") != []
