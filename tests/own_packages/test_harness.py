"""A user's package called `harness`, the one name that cannot be both: refused where it is used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.own_packages.project import CONSOLE, TOML, make_project, run, write

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
SAGA_CHAOS = str(Path(sys.executable).with_name("saga-chaos"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path)
    write(folder, {"harness/__init__.py": "MINE = 'user'\n", "harness/tools.py": "TOOL = 'user'\n"})
    return folder


def told(folder: Path, said: str) -> bool:
    ours = "`harness` is the package of saga-chaos in "
    yours = f"and hides yours in {folder / 'harness' / '__init__.py'}. Rename yours"
    return ours in said and yours in said


@pytest.mark.parametrize("line", ["from harness.tools import TOOL", "from harness import MINE"])
def test_a_saga_that_imports_it_is_a_usage_error(project: Path, line: str) -> None:
    sagas = project / "sagas.py"
    sagas.write_text(f"{line}\n{sagas.read_text()}")
    ended = run(project, *CONSOLE, "run", "saga.toml", "--depth", "1")
    assert ended.returncode == 2
    assert f"{sagas}:1: " in ended.stderr
    assert told(project, ended.stderr)


def test_a_target_in_it_is_a_usage_error(project: Path) -> None:
    write(project, {"saga.toml": TOML.replace("sagas.py:order", "harness.tools:order")})
    ended = run(project, *CONSOLE, "run", "saga.toml")
    assert ended.returncode == 2
    assert told(project, ended.stderr)


@pytest.mark.parametrize("file", ["tests/test_order.py", "conftest.py"])
def test_pytest_says_so_where_tests_import_it(project: Path, file: str) -> None:
    text = (project / file).read_text()
    (project / file).write_text(f"from harness.tools import TOOL\n{text}")
    ended = run(project, *PYTEST)
    assert ended.returncode in (2, 4)
    assert told(project, ended.stdout + ended.stderr)
    assert "-p no:saga-chaos" in ended.stdout + ended.stderr


def test_pytest_without_saga_chaos_has_the_users(project: Path) -> None:
    write(project, {"tests/test_order.py": "from harness.tools import TOOL\ndef test_mine(): pass\n"})
    ended = run(project, *PYTEST, "-p", "no:saga-chaos")
    assert ended.returncode == 0, ended.stdout


def test_a_plugin_in_it_that_was_faster_is_a_usage_error(project: Path) -> None:
    ended = run(project, *PYTEST, "-p", "harness.tools")
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR, ended.stderr
    assert (
        f"found a package `harness`, {project / 'harness' / '__init__.py'}, imported before" in ended.stderr
    )


def test_where_nobody_imports_it_pytest_works(project: Path) -> None:
    ended = run(project, *PYTEST)
    assert "1 failed, 5 passed" in ended.stdout, ended.stdout + ended.stderr


@pytest.mark.wire
def test_where_nobody_imports_it_the_wire_works_though_it_is_first_on_the_path(project: Path) -> None:
    """Our own processes are started in the user's folder: workers, the proxy, the saga's host."""
    write(project, {"saga.toml": TOML.replace('order" }', 'order", claims = ["process_death"] }')})
    options = ("--world", "wire", "--proxy", "embedded", "--search", "guided", "--workers", "2")
    ended = run(project, SAGA_CHAOS, "run", "saga.toml", *options, PYTHONPATH=".")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "The smallest plan: 1 fault" in ended.stdout
    assert "No module named" not in ended.stdout + ended.stderr
