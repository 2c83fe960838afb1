"""What makes a command believe that it runs on another machine.

Where the kernel lets us, a host name of its own (`unshare --uts`, which needs the right to do so);
everywhere the variable HOSTNAME, which shells and many engines read.
"""

from __future__ import annotations

import functools
import shutil
import subprocess

_PROBE_LIMIT_S = 5.0
_RENAME = 'hostname "$0" && exec "$@"'


def on_host(name: str, command: tuple[str, ...]) -> tuple[str, ...]:
    """The command, under another host name where that is permitted."""
    return (*_prefix(name), *command) if permitted() else command


@functools.cache
def permitted() -> bool:
    """Whether a process of ours may have a host name of its own."""
    if shutil.which("unshare") is None or shutil.which("hostname") is None:
        return False
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            [*_prefix("saga-probe"), "true"], capture_output=True, timeout=_PROBE_LIMIT_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _prefix(name: str) -> tuple[str, ...]:
    return ("unshare", "--uts", "--", "sh", "-c", _RENAME, name)
