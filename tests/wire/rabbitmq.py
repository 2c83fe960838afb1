"""Finds RabbitMQ, or installs Debian's: `python -m tests.wire.rabbitmq`.

An installation starts no service: a policy-rc.d forbids it while it runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness.brokers.errors import BrokerUnavailable
from harness.rabbitmq.discovery import find_broker

REQUIRED = "SAGA_CHAOS_RABBITMQ_REQUIRED"
_POLICY = Path("/usr/sbin/policy-rc.d")
_NO_SERVICE = "#!/bin/sh\nexit 101\n"


def install() -> None:
    """Where there is none. Raises SystemExit with what to do where that cannot be."""
    try:
        find_broker()
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
        for command in (["update"], ["install", "-y", "--no-install-recommends", "rabbitmq-server"]):
            subprocess.run(["apt-get", "-q", *command], check=True, env=environment)
    finally:
        if made:
            _POLICY.unlink()
    find_broker()


if __name__ == "__main__":
    install()
