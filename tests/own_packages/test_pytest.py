"""pytest in a project whose packages are named like ours: its conftest, its tests and its saga use them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.own_packages.project import make_project, run

PYTEST = str(Path(sys.executable).with_name("pytest"))
QUIET = ("-q", "-p", "no:cacheprovider")


@pytest.mark.parametrize(
    "command",
    [
        (sys.executable, "-m", "pytest"),
        (sys.executable, "-m", "pytest", "-n", "2"),
        (sys.executable, "-m", "pytest", "--import-mode=importlib"),
        (PYTEST,),
        (PYTEST, "-n", "2"),
        (PYTEST, "--import-mode=importlib", "-o", "pythonpath=."),
        (PYTEST, "--rootdir=.", "tests/test_order.py"),
    ],
    ids=lambda command: " ".join(command[1:]) or "pytest",
)
def test_each_gets_its_own(tmp_path: Path, command: tuple[str, ...]) -> None:
    """One test fails, as it should: that of the broken saga, with the counterexample."""
    project = make_project(tmp_path)
    ended = run(project, *command, *QUIET)
    assert "1 failed, 5 passed" in ended.stdout, ended.stdout + ended.stderr
    assert "FAILED tests/test_order.py::test_mine" in ended.stdout
    assert "The smallest plan: 1 fault" in ended.stdout
    assert "AssertionError" not in ended.stdout


def test_without_init_files(tmp_path: Path) -> None:
    """As ordinary packages of a namespace."""
    project = make_project(tmp_path)
    for name in ("fakes", "tests"):
        (project / name / "__init__.py").unlink()
    ended = run(project, sys.executable, "-m", "pytest", *QUIET)
    assert "1 failed, 5 passed" in ended.stdout, ended.stdout + ended.stderr


def test_a_folder_named_reports_with_reports_in_it_is_no_package(tmp_path: Path) -> None:
    """`saga-chaos run` itself makes one."""
    (tmp_path / "reports" / "out").mkdir(parents=True)
    (tmp_path / "test_it.py").write_text(
        "import reports.words\nfrom fakes import Inventory\n"
        "def test_it(): assert Inventory.name == 'inventory' and reports.words.headline\n"
    )
    ended = run(tmp_path, sys.executable, "-m", "pytest", *QUIET)
    assert ended.returncode == 0, ended.stdout


def test_ours_are_there_for_who_has_none_of_that_name(tmp_path: Path) -> None:
    """Ours use their own `fakes`, though the user has some."""
    (tmp_path / "fakes").mkdir()
    (tmp_path / "fakes" / "__init__.py").write_text("MINE = True\n")
    (tmp_path / "test_it.py").write_text(
        "from fakes import MINE\n"
        "from harness import saga_test\n"
        "from scenarios.order_fulfilment import order_fulfilment\n\n"
        "@saga_test(order_fulfilment(), search='guided', depth=1)\n"
        "def test_ours(report):\n"
        "    from harness.packages import our_packages\n"
        "    with our_packages():\n"
        "        from fakes import Inventory\n"
        "    assert Inventory.name == 'inventory'\n"
        "    import fakes\n"
        "    assert fakes.MINE and report.verdict == 'pass'\n"
    )
    ended = run(tmp_path, sys.executable, "-m", "pytest", *QUIET)
    assert ended.returncode == 0, ended.stdout
