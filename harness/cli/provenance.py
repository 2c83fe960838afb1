"""Where a report comes from: when, by which command, from which versions and which commit.

Owns asking the machine for it. A field that cannot be determined stays empty. Refuses
to read the environment, where secrets are.
"""

from __future__ import annotations

import platform
import shlex
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.cli.archive import PREVIOUS
from harness.report_model import Provenance
from harness.versions import version_of

_PACKAGES = ("saga-chaos", "hypothesis", "httpx")
_GIT_S = 5.0


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def provenance(given: Sequence[str], *, began: str, seed: int, previous: str) -> Provenance:
    """given: the arguments of the command line. previous: the folder of the report before, from this one."""
    return Provenance(
        began=began,
        command=shlex.join(["saga-chaos", *given]),
        seed=seed,
        versions={"Python": platform.python_version(), **_versions(), "system": platform.platform()},
        commit=_git("rev-parse", "HEAD"),
        uncommitted=bool(_git("status", "--porcelain", "--untracked-files=no")),
        previous=previous,
    )


def previous_of(out: Path, *, put_aside: Path | None) -> str:
    """The report before, as a path from `out`: put aside in it, or the latest beside it; else empty."""
    if put_aside is not None:
        return PREVIOUS
    latest = (out.parent / "latest").resolve()
    beside = latest.parent == out.parent.resolve() and (latest / "report.json").is_file()
    return f"../{latest.name}" if beside else ""


def _versions() -> dict[str, str]:
    found = {package: version_of(package) for package in _PACKAGES}
    return {package: version for package, version in found.items() if version is not None}


def _git(*arguments: str) -> str:
    """Empty where there is no git, no repository, or no answer in time."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["git", *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            timeout=_GIT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
