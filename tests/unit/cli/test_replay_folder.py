"""`saga-chaos replay DIR`, on failure files of the first saga; replays in sim take a moment each."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.unit.cli.console import FIRST_SAGA, saga_chaos

FIRST = FIRST_SAGA.parent
MISTAKE = re.compile(r"( +)(await send\(ctx, \"POST\".*\n) +(undos\.insert.*\n)")


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first saga, copied, searched, and found to fail."""
    folder = tmp_path_factory.mktemp("searched")
    for name in ("saga.toml", "sagas.py"):
        shutil.copy(FIRST / name, folder)
    arguments = ["--search", "guided", "--depth", "1", "--no-stored", "--out", "out"]
    assert saga_chaos(["run", "saga.toml", *arguments], folder).returncode == 1
    return folder


@pytest.fixture
def mine(searched: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it elsewhere, as if it had been downloaded; what CI searched is gone."""
    folder = tmp_path / "mine"
    shutil.copytree(searched, folder)
    for path in (folder / "out" / "failures").glob("*.json"):
        failure = json.loads(path.read_text())
        failure["scenario"]["reference"] = "/home/ci/work/shop/saga.toml"
        path.write_text(json.dumps(failure))
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


def fix(folder: Path) -> None:
    source = folder / "sagas.py"
    source.write_text(MISTAKE.sub(r"\1\3\1\2", source.read_text()))


def failures(folder: Path) -> list[Path]:
    return sorted((folder / "out" / "failures").glob("*.json"))


def test_each_gets_a_line_and_one_that_fails_is_exit_code_1(mine: Path) -> None:
    done = saga_chaos(["replay", "out"], mine)
    assert done.returncode == 1, done.stderr
    number = len(failures(mine))
    *told, blank, last = done.stdout.splitlines()
    assert number > 1
    assert [line.split("  ")[0] for line in told] == ["STILL FAILS"] * number
    assert (blank, last) == ("", f"{number} still failing")


def test_a_damaged_file_is_said_and_the_rest_is_still_replayed(mine: Path) -> None:
    first, second, *rest = failures(mine)
    first.write_text(first.read_text()[:100])
    gone = json.loads(second.read_text())
    gone["scenario"]["reference"] = "gone"
    second.write_text(json.dumps(gone))
    done = saga_chaos(["replay", "out"], mine)
    assert done.returncode == 1
    told = done.stdout.splitlines()
    assert told[0].startswith(f"NOT REPLAYED  {first.relative_to(mine)}: found ")
    assert told[1].startswith(f"NOT REPLAYED  {second.relative_to(mine)}, scenario.reference: ")
    assert "--scenario" in told[1]
    assert told[-1] == f"{len(rest)} still failing, 2 could not be replayed"
    fix(mine)
    done = saga_chaos(["replay", "out"], mine)
    assert done.returncode == 2, "nothing fails, and not all could be replayed"
    assert done.stdout.splitlines()[-1] == f"{len(rest)} fixed, 2 could not be replayed"


def test_what_is_fixed_is_pruned_with_its_history_and_nothing_else_is(mine: Path) -> None:
    fix(mine)
    first, second, *rest = failures(mine)
    failure = json.loads(first.read_text())
    second.write_text(json.dumps({**json.loads(second.read_text()), "history": "histories/\0"}))
    outside = mine / "precious.ndjson"
    outside.write_text("mine")
    first.write_text(json.dumps({**failure, "history": "../precious.ndjson"}))
    broken = mine / "out" / "failures" / "zz.json"
    broken.write_text("{")
    done = saga_chaos(["replay", "out", "--prune"], mine)
    assert done.returncode == 2, done.stdout
    assert done.stdout.count("\nPruned out/failures/") == len(rest) + 2
    assert failures(mine) == [broken]
    assert outside.read_text() == "mine"
    assert [*(mine / "out" / "histories").iterdir()], "the damaged file may need one of them"
    broken.unlink()
    done = saga_chaos(["replay", "out"], mine)
    assert (done.returncode, done.stdout) == (
        0,
        "out holds no counterexample, so there is nothing to replay\n",
    )


def test_histories_go_with_the_last_file_that_names_them(mine: Path) -> None:
    fix(mine)
    assert saga_chaos(["replay", "out", "--prune"], mine).returncode == 0
    assert failures(mine) == []
    kept = [one.name for one in (mine / "out" / "histories").iterdir() if one.is_file()]
    assert kept == ["first-saga-sim-fault-free-1.ndjson"], "an example, of no counterexample"


def test_a_single_file_is_pruned_only_where_it_is_fixed_in_its_own_world(mine: Path) -> None:
    path = str(failures(mine)[0].relative_to(mine))
    assert saga_chaos(["replay", path, "--prune"], mine).returncode == 1
    assert (mine / path).exists()
    fix(mine)
    wire = ["replay", path, "--prune", "--world", "wire", "--proxy", "embedded"]
    done = saga_chaos(wire, mine)
    assert (done.returncode, (mine / path).exists()) == (0, True), done.stdout + done.stderr
    assert f"Kept {path}: it was found in the sim world" in done.stdout
    assert saga_chaos(["replay", path, "--prune"], mine).returncode == 0
    assert not (mine / path).exists()


def test_what_it_was_found_in_may_have_changed_and_that_is_said(mine: Path) -> None:
    assert "is not what it was" not in saga_chaos(["replay", "out"], mine).stdout
    fix(mine)
    told = saga_chaos(["replay", "out"], mine).stdout.splitlines()
    changed = "first-saga is not what it was when this was found: its description or its sources differ"
    assert told.count(changed) == 1
    assert told[-1].endswith(" fixed")


def test_a_strangers_file_brings_no_code_with_it(mine: Path, tmp_path: Path) -> None:
    bait = tmp_path / "stranger" / "bait.py"
    bait.parent.mkdir()
    bait.write_text("raise SystemExit('it was imported')\n")
    failure = json.loads(failures(mine)[0].read_text())
    for path in ("bait.py:saga", ""):
        failure["scenario"] |= {"reference": f"{bait}:saga", "path": path, "signature": "0" * 32}
        (bait.parent / "gift.json").write_text(json.dumps(failure))
        done = saga_chaos(["replay", str(bait.parent / "gift.json")], mine)
        assert done.returncode == 2
        assert "expected a scenario below this folder, or one of this machine's own" in done.stderr
        assert f"--scenario {bait}:saga" in done.stderr
    named = saga_chaos(["replay", str(bait.parent / "gift.json"), "--scenario", "saga.toml"], mine)
    assert named.returncode == 1, named.stderr


def test_a_scenario_may_be_elsewhere(mine: Path) -> None:
    (mine / "other").mkdir()
    for name in ("saga.toml", "sagas.py"):
        (mine / name).rename(mine / "other" / name)
    lost = saga_chaos(["replay", "out"], mine)
    assert lost.returncode == 2
    assert "/home/ci/work/shop/saga.toml" in lost.stdout
    assert saga_chaos(["replay", "out", "--scenario", "other/saga.toml"], mine).returncode == 1
    one = str(failures(mine)[0].relative_to(mine))
    assert saga_chaos(["replay", one, "--scenario", "other/saga.toml"], mine).returncode == 1


def test_a_folder_that_holds_no_failure_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path)]) == 2
    assert "found 'no *.json', expected failure files" in capsys.readouterr().err
    (tmp_path / "report.json").touch()
    assert main(["replay", str(tmp_path)]) == 0, "a campaign that found nothing"
