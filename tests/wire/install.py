"""Installs a package of Debian's where a program cannot be found.

An installation starts no service: a policy-rc.d forbids it while it runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from harness.brokers.errors import BrokerUnavailable

_POLICY = Path("/usr/sbin/policy-rc.d")
_NO_SERVICE = "#!/bin/sh\nexit 101\n"


def install(package: str, find: Callable[[], object]) -> None:
    """Where `find` finds none. Raises SystemExit with what to do where that cannot be."""
    try:
        find()
    except BrokerUnavailable as absent:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            sys.exit(f"{absent}; only root can install it here")
    else:
        return
    made = not _POLICY.exists()
    if made:
        _POLICY.write_text(_NO_SERVICE)
        _POLICY.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
            subprocess.run(["apt-get", "-q", *command], check=True, env=environment)
    finally:
        if made:
            _POLICY.unlink()
    find()
