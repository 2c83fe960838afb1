"""The package in CONTRIBUTING.md, as it is when installed: offered, named, judged, searched and counted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks, named

DOCUMENT = "CONTRIBUTING.md"
FIRST_SAGA = ROOT / "scenarios/examples/first_saga"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """What pip leaves behind: the module, and a dist-info that says what it offers."""
    folder = tmp_path / "site"
    info = folder / "our_checks-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "our_checks.py").write_text(named(DOCUMENT, "our_checks/our_checks.py"))
    project = tomllib.loads(named(DOCUMENT, "our_checks/pyproject.toml"))["project"]
    points = project["entry-points"]
    lines = [
        f"[{group}]\n" + "\n".join(f"{name} = {value}" for name, value in points[group].items())
        for group in points
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-checks\nVersion: 1.0\n")
    return folder


@pytest.fixture
def saga(tmp_path: Path) -> Path:
    """The first saga of the README, which names what the package offers."""
    folder = tmp_path / "saga"
    shutil.copytree(FIRST_SAGA, folder)
    (keys,) = [block.body for block in blocks(DOCUMENT) if block.body.startswith("invariants = ")]
    toml = folder / "saga.toml"
    inline = ", ".join(keys.splitlines())
    text = toml.read_text()
    assert "saga = { " in text
    toml.write_text(text.replace("saga = { ", f"saga = {{ {inline}, "))
    return toml


def saga_chaos(site: Path | None, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    around = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    paths = [str(one) for one in (site, ROOT) if one is not None]
    return subprocess.run(
        [sys.executable, "-m", "harness.cli", *arguments],
        cwd=cwd,
        env={**around, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_what_it_offers_is_listed(site: Path, tmp_path: Path) -> None:
    listed = saga_chaos(site, "list", cwd=tmp_path).stdout
    for line in ("invariants", "situations", "faults", "adapters"):
        assert f"{line} of installed packages" in listed
    assert "no_refunds" in listed
    assert "of installed packages" not in saga_chaos(None, "list", cwd=tmp_path).stdout


def test_it_is_judged_searched_and_counted(site: Path, saga: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = saga_chaos(
        site, "run", str(saga), "--search", "guided", "--depth", "1", "--out", str(out), cwd=tmp_path
    )
    assert done.returncode == 1, done.stdout + done.stderr
    (scenario,) = json.loads((out / "report.json").read_text())["scenarios"]
    (own,) = [one for one in scenario["invariants"] if one["id"] == "no_refunds"]
    assert own["verdict"] == "violated"
    assert own["minimal_faults"] == 1
    assert own["claim"] == "Nothing is undone where a customer can see it."
    assert scenario["faults"]["by_kind"]["sanctioned"] > 0
    (seen,) = [one for one in scenario["situations"] if one["id"] == "refunded"]
    assert seen["seen"] > 0
    assert seen["required"]
    replayed = saga_chaos(site, "replay", str(out / own["failure"]), cwd=tmp_path)
    assert replayed.returncode == 1
    assert "STILL FAILS" in replayed.stdout


def test_its_adapter_is_named_like_ours(site: Path, saga: Path, tmp_path: Path) -> None:
    text = saga.read_text()
    ours = 'adapter = "callable", target = '
    assert ours in text
    saga.write_text(text.replace(ours, 'adapter = "our_flows", flow = '))
    run = ("run", str(saga), "--search", "guided", "--depth", "0", "--out", str(tmp_path / "out"))
    done = saga_chaos(site, *run, cwd=tmp_path)
    assert "sagas.py:order" not in done.stderr, done.stderr
    (scenario,) = json.loads((tmp_path / "out" / "report.json").read_text())["scenarios"]
    assert scenario["runs"] == 1
    unknown = saga_chaos(None, *run, cwd=tmp_path)
    assert unknown.returncode == 2
    refused = saga_chaos(site, "scaffold", "mine", "--adapter", "our_flows", cwd=tmp_path)
    assert refused.returncode == 2
    assert "found 'our_flows', expected" in refused.stderr


def test_where_it_is_not_installed_the_name_is_refused(saga: Path, tmp_path: Path) -> None:
    done = saga_chaos(None, "run", str(saga), cwd=tmp_path)
    assert done.returncode == 2
    assert "found 'refunded'" in done.stderr
    assert "entry points of saga_chaos.situations" in done.stderr


def test_an_object_beside_the_file_is_named_by_its_file(site: Path, saga: Path, tmp_path: Path) -> None:
    shutil.copy(site / "our_checks.py", saga.parent / "checks.py")
    text = saga.read_text().replace('["no_refunds"]', '["checks.py:NO_REFUNDS"]')
    text = text.replace('situations = ["refunded"]', 'situations = ["checks.py:REFUNDED"]')
    saga.write_text(text.replace('["sanctioned"]', '["checks.py:SANCTIONED"]'))
    out = tmp_path / "out"
    done = saga_chaos(
        None, "run", str(saga), "--search", "guided", "--depth", "1", "--out", str(out), cwd=tmp_path
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "no_refunds" in done.stdout
