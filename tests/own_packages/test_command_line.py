"""`saga-chaos` in a project whose packages are named like ours: each gets its own, in every command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.own_packages.project import CONSOLE, MODULE, TOML, make_project, run, write

SEARCH = ("--search", "guided", "--depth", "1", "--workers", "1")
FAILURE = "failures/mine-sim-no_orphaned_resources.json"
EXPLODED = re.compile("AssertionError|ImportError|ModuleNotFoundError|a bug of ours")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def check_found(folder: Path, start: tuple[str, ...], *arguments: str) -> str:
    """The saga's mistake is found, by one fault: so nothing was wrong with its imports."""
    ended = run(folder, *start, "run", *arguments)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1, said
    assert "The smallest plan: 1 fault" in said
    assert not EXPLODED.search(said), said
    return said


@pytest.mark.parametrize("start", [CONSOLE, MODULE], ids=["console", "module"])
def test_run_then_replay_then_gate(project: Path, start: tuple[str, ...]) -> None:
    check_found(project, start, "saga.toml", *SEARCH, "--out", "out")
    assert {"report.html", "summary.md", "junit.xml"} <= {path.name for path in (project / "out").iterdir()}
    replayed = run(project, *start, "replay", f"out/{FAILURE}")
    assert (replayed.returncode, "STILL FAILS" in replayed.stdout) == (1, True), replayed.stderr
    gated = run(project, *start, "gate", "out")
    assert (gated.returncode, "no_orphaned_resources" in gated.stdout) == (1, True), gated.stderr


@pytest.mark.parametrize("start", [CONSOLE, MODULE], ids=["console", "module"])
def test_list_and_a_registered_scenario(project: Path, start: tuple[str, ...]) -> None:
    listed = run(project, *start, "list")
    assert (listed.returncode, "order-fulfilment-command" in listed.stdout) == (0, True), listed.stderr
    ran = run(
        project, *start, "run", "order-fulfilment", "--search", "guided", "--depth", "0", "--out", "out"
    )
    assert ran.returncode == 3, ran.stdout + ran.stderr


def test_folders_without_init_are_packages_too(project: Path) -> None:
    for name in ("fakes", "reports", "scenarios", "tests"):
        (project / name / "__init__.py").unlink()
    write(project, {"reports/__init__.py": "TITLE = 'user'\n"})
    sagas = (project / "sagas.py").read_text().replace("from scenarios import SKU\n", "SKU = 'user'\n")
    write(project, {"sagas.py": sagas})
    check_found(project, CONSOLE, "saga.toml", *SEARCH)


def test_modules_of_these_names(tmp_path: Path) -> None:
    """One file each, in place of packages."""
    saga = (
        "from fakes import STOCK\nfrom reports import TITLE\n\n"
        "async def order(ctx, item):\n"
        "    import scenarios\n"
        "    assert (STOCK, TITLE, scenarios.SKU) == ('user',) * 3\n"
        "    url = f\"{ctx.urls['inventory']}/reservations\"\n"
        "    reply = await ctx.client.post(url, json={'saga_id': ctx.saga_id},"
        " headers={'Idempotency-Key': ctx.saga_id})\n"
        "    return {'status': 'completed' if reply.is_success else 'compensated'}\n"
    )
    write(tmp_path, {"saga.toml": TOML, "sagas.py": saga, "fakes.py": "STOCK = 'user'\n"})
    write(tmp_path, {"reports.py": "TITLE = 'user'\n", "scenarios.py": "SKU = 'user'\n"})
    for start in (CONSOLE, MODULE):
        check_found(tmp_path, start, "saga.toml", *SEARCH)


SCENARIO = """
from dataclasses import replace

from harness import load


def scenario():
    return replace(load("order-fulfilment-as-documented"), name="mine")
"""


def test_a_reference_is_looked_for_in_the_users_folder_and_then_among_ours(project: Path) -> None:
    write(project, {"scenarios/mine.py": SCENARIO})
    check_found(project, CONSOLE, "scenarios.mine:scenario", *SEARCH, "--out", "out")
    assert run(project, *CONSOLE, "replay", f"out/{FAILURE}").returncode == 1
    ours = "scenarios.order_fulfilment:order_fulfilment_as_documented"
    check_found(project, CONSOLE, ours, *SEARCH)
    missing = run(project, *CONSOLE, "run", "scenarios.nowhere:scenario")
    assert missing.returncode == 2
    assert "found 'scenarios.nowhere', expected a module in" in missing.stderr


@pytest.mark.wire
@pytest.mark.parametrize("start", [CONSOLE, MODULE], ids=["console", "module"])
def test_the_wire_with_workers_and_with_a_process_for_the_saga(project: Path, start: tuple[str, ...]) -> None:
    durable = TOML.replace('order" }', 'order", claims = ["lost_reply", "process_death"] }')
    assert durable != TOML
    write(project, {"saga.toml": durable})
    options = ("--world", "wire", "--proxy", "embedded", "--search", "guided", "--depth", "1")
    said = check_found(project, start, "saga.toml", *options, "--workers", "2", "--out", "out")
    assert re.search(r"process_death +claimed, (refuted|verified)", said), said
    (failure, *_) = sorted((project / "out" / "failures").glob("*no_orphaned_resources*.json"))
    assert run(project, *start, "replay", str(failure)).returncode == 1
