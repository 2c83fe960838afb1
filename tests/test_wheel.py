"""The wheel: built, installed in a fresh environment, and used from another folder on a user's own saga."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.own_packages.project import make_project, run, write

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "scenarios" / "examples" / "first_saga"


@pytest.fixture(scope="module")
def console_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`saga-chaos` as a user has it: from the wheel, with nothing of the checkout on the path."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    left_out = shutil.ignore_patterns(".*", "out", "__pycache__", "*.egg-info", "tests")
    shutil.copytree(ROOT, source, ignore=left_out)
    _pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("saga_chaos-*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    _pip(str(python), "install", str(wheel))
    return python.with_name("saga-chaos")


def _pip(python: str, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", *arguments], check=True)


def _run(console_script: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    command = [str(console_script), *arguments]
    return subprocess.run(
        command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_users_own_saga_runs_from_another_folder(console_script: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project / "sagas")
    ended = _run(console_script, project, "run", "sagas/saga.toml", "--depth", "1", "--examples", "20")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "VIOLATED" in ended.stdout
    written = project / "reports" / "out" / "latest"
    names = {path.name for path in written.iterdir()}
    assert {"report.json", "junit.xml", "summary.md", "report.html", "failures", "histories"} <= names


def test_the_registered_scenarios_came_along(console_script: Path, tmp_path: Path) -> None:
    ended = _run(console_script, tmp_path, "list")
    assert ended.returncode == 0, ended.stderr
    assert "order-fulfilment-as-documented" in ended.stdout


def test_the_pytest_plugin_came_along(console_script: Path, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "from harness.pytest_plugin import saga_test\n\n"
        "@saga_test('order-fulfilment', search='guided', depth=1)\n"
        "def test_order(report):\n"
        "    assert report.verdict == 'pass'\n"
    )
    pytest_ = console_script.with_name("pytest")
    ended = subprocess.run([str(pytest_), "-q"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("path", ["", "."], ids=["", "the folder on the path"])
def test_a_users_packages_may_be_named_like_ours(console_script: Path, tmp_path: Path, path: str) -> None:
    """Even `harness`, as long as nobody imports it."""
    project = make_project(tmp_path)
    write(project, {"harness/__init__.py": ""})
    options = ("--depth", "1", "--search", "guided", "--out", "out")
    ran = run(project, str(console_script), "run", "saga.toml", *options, PYTHONPATH=path)
    assert (ran.returncode, "The smallest plan: 1 fault" in ran.stdout) == (1, True), ran.stdout + ran.stderr
    failure = "out/failures/mine-sim-no_orphaned_resources.json"
    replayed = run(project, str(console_script), "replay", failure, PYTHONPATH=path)
    assert (replayed.returncode, "STILL FAILS" in replayed.stdout) == (1, True), replayed.stderr


@pytest.mark.parametrize("command", [("pytest",), ("python", "-m", "pytest")], ids=" ".join)
def test_so_may_those_of_a_users_tests(
    console_script: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    project = make_project(tmp_path)
    write(project, {"harness/__init__.py": ""})
    ended = run(project, str(console_script.with_name(command[0])), *command[1:], "-q")
    assert "1 failed, 5 passed" in ended.stdout, ended.stdout + ended.stderr
