"""Finds a Chromium, or installs one: `python -m tests.browser.chromium`.

SAGA_CHAOS_BROWSER names one; else the one on PATH is taken, else the one that Playwright keeps.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMED = "SAGA_CHAOS_BROWSER"
REQUIRED = "SAGA_CHAOS_BROWSER_REQUIRED"
_ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def found() -> Path | None:
    """The program, or None. Raises SystemExit where one is named that is not there."""
    named = os.environ.get(NAMED)
    if named is not None:
        if not Path(named).is_file():
            sys.exit(f"{NAMED}: found {named!r}, expected the path of a Chromium")
        return Path(named)
    for name in _ON_PATH:
        there = shutil.which(name)
        if there is not None:
            return Path(there)
    return _of_playwright()


def _of_playwright() -> Path | None:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where it is installed
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() else None


def install() -> Path:
    """By Playwright, else by apt. Raises SystemExit with what was tried where neither brings one."""
    known = found()
    if known is not None:
        return known
    tried = []
    for command in _ways():
        tried.append(" ".join(command))
        print(f"no browser was found, trying: {tried[-1]}", flush=True)  # noqa: T201
        done = subprocess.run(command, check=False)
        known = found() if done.returncode == 0 else None
        if known is not None:
            return known
    sys.exit(
        f"no browser could be installed, tried: {'; '.join(tried)}. Install Chromium, or name one in {NAMED}"
    )


def _ways() -> list[list[str]]:
    apt = shutil.which("apt-get")
    sudo = [] if os.geteuid() == 0 else [shutil.which("sudo") or "sudo", "-n"]
    ways = [[sys.executable, "-m", "playwright", "install", "--with-deps", "--only-shell", "chromium"]]
    if apt is not None:
        update = " ".join([*sudo, apt, "update"])
        packages = "chromium fonts-dejavu-core"
        ways.append(
            ["sh", "-c", f"{update} && {' '.join(sudo)} {apt} install -y --no-install-recommends {packages}"]
        )
    return ways


if __name__ == "__main__":
    print(install())  # noqa: T201
