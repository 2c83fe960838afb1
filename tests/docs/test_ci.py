"""docs/ci: what the workflows run does what they say, and a counterexample that CI kept replays elsewhere.

The steps that are ours are run by the shell that each system uses, in its order; what others provide
(checkout, caches, artifacts) is done by hand. Only the search is made short.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from reports.policy_file import read_policy
from tests.docs.blocks import ROOT, edit, named

pytestmark = pytest.mark.long

FOLDER = ROOT / "docs" / "ci"
SHORT = {"SEARCH": "--search guided --depth 1"}
INSTALL = "pip install saga-chaos"
OUT = "out/chaos"


@dataclass(slots=True)
class Job:
    """What became of one: the exit code, and all that was printed."""

    code: int = 0
    output: str = ""
    ran: list[str] = field(default_factory=list)

    def shell(self, command: str, folder: Path, env: dict[str, str]) -> int:
        assert "saga-chaos" in command or "out/chaos" in command or command.startswith(("mkdir", "cp "))
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", command],
            cwd=folder,
            env={**os.environ, **env, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.output += done.stdout + done.stderr
        self.ran.append(command)
        return done.returncode


def workflow(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return read


def github(folder: Path, **given: str) -> Job:
    """On main: each step runs after those before it went well, or always."""
    content = workflow("github.yml")
    summary = folder / "page.md"
    env = {**content["env"], **SHORT, **given, "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    job = Job()
    for step in content["jobs"]["chaos"]["steps"]:
        condition = step.get("if", "success()")
        assert condition in ("success()", "always()", "github.ref == 'refs/heads/main'")
        if "run" in step and step["run"] != INSTALL and (not job.code or condition == "always()"):
            job.code = job.shell(step["run"], folder, env) or job.code
    return job


def gitlab(folder: Path, **given: str) -> Job:
    """The lines of the script, until one goes wrong."""
    content = workflow("gitlab.yml")["sagas"]
    assert content["before_script"] == [INSTALL]
    job = Job()
    for line in content["script"]:
        job.code = job.code or job.shell(line, folder, {**content["variables"], **SHORT, **given})
    return job


def github_keeps() -> list[str]:
    steps = workflow("github.yml")["jobs"]["chaos"]["steps"]
    return [
        one["with"]["path"] for one in steps if one.get("uses", "").startswith("actions/upload-artifact@")
    ]


def gitlab_keeps() -> list[str]:
    kept = workflow("gitlab.yml")["sagas"]["artifacts"]
    assert kept["when"] == "always"
    return [*kept["paths"], kept["reports"]["junit"]]


SYSTEMS = {"github": (github, github_keeps), "gitlab": (gitlab, gitlab_keeps)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The saga of the README, with the policy of the workflows."""
    folder = tmp_path / "ci" / "shop"
    folder.mkdir(parents=True)
    for name in ("saga.toml", "sagas.py"):
        (folder / name).write_text(named("README.md", name))
    shutil.copy(FOLDER / "chaos.toml", folder)
    return folder


def fix(folder: Path) -> None:
    diff = re.search(r"```diff\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert diff is not None
    path = folder / "sagas.py"
    path.write_text(edit(path.read_text(), diff[1]))


def replay(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name("saga-chaos")
    command = [str(script), "replay", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_broken_saga_fails_the_job_and_its_counterexamples_replay_on_a_laptop(
    project: Path, tmp_path: Path, system: str
) -> None:
    runs, keeps = SYSTEMS[system]
    job = runs(project)
    assert job.code == 1, job.output
    assert "gate: FAIL" in job.output
    assert "there is no earlier report" in job.output
    assert not (project / "earlier").exists(), "only a green run is remembered"
    assert all((project / path).exists() for path in keeps())
    if system == "github":
        assert (project / "page.md").read_text() == (project / OUT / "summary.md").read_text()
        assert "::error file=sagas.py,line=" in job.output

    laptop = tmp_path / "laptop"
    shutil.copytree(project / OUT, laptop / "artifact")
    for name in ("saga.toml", "sagas.py"):
        shutil.copy(project / name, laptop)
    shutil.rmtree(project)
    done = replay(laptop, "artifact")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "STILL FAILS   artifact/failures/first-saga-sim-no_orphaned_resources.json" in done.stdout
    fix(laptop)
    done = replay(laptop, "artifact", "--prune")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [*(laptop / "artifact" / "failures").iterdir()] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_sound_saga_passes_and_is_remembered_and_what_was_known_fails_no_more(
    project: Path, system: str
) -> None:
    runs, _ = SYSTEMS[system]
    broken = (project / "sagas.py").read_text()
    fix(project)
    job = runs(project)
    assert job.code == 0, job.output
    assert (project / "earlier" / "report.json").is_file()
    (project / "sagas.py").write_text(broken)
    job = runs(project)
    assert job.code == 1, job.output
    assert "and it is new" in job.output
    shutil.copy(project / OUT / "report.json", project / "earlier")
    job = runs(project)
    assert job.code == 0, job.output
    assert "as in the earlier report" in job.output


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_saga_that_does_not_load_is_no_finding(project: Path, system: str) -> None:
    (project / "saga.toml").write_text("format_version = 1\n")
    runs, _ = SYSTEMS[system]
    job = runs(project)
    assert job.code == 2, job.output
    assert not any("gate" in one for one in job.ran)


@pytest.mark.parametrize("system", SYSTEMS)
def test_several_sagas_may_be_named(project: Path, system: str) -> None:
    runs, _ = SYSTEMS[system]
    job = runs(project, SAGA="saga.toml other.toml")
    assert job.code == 2, job.output
    assert "saga-chaos: other.toml: found 'no file'" in job.output


def test_the_policy_is_one_and_the_package_is_ours() -> None:
    policy = read_policy(FOLDER / "chaos.toml")
    assert policy.new_only
    assert policy.earlier == FOLDER / "earlier"
    steps = workflow("github.yml")["jobs"]["chaos"]["steps"]
    assert INSTALL in [one.get("run") for one in steps]
    assert 'name = "saga-chaos"' in (ROOT / "pyproject.toml").read_text()
