"""Owns which process of a run has locked which file, and that its death unlocks it.

An operating system frees what a dead process has locked with `flock`. In sim the dead are never
switched to again, and their files stay open: a lock of theirs would keep out their successors for ever.
To the saga each executor looks like a process of its own, so a lock belongs to that pid.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from harness.clock.active import ActiveRun, current
from harness.clock.replacements import Replacements

_flock: Callable[[Any, int], None] = fcntl.flock


class Locker:
    """The replacement; a bound method, for the reason that `clocks` gives."""

    def flock(self, file: Any, operation: int, /) -> None:
        _flock(file, operation)
        run = current()
        if run is not None:
            descriptor = file if isinstance(file, int) else file.fileno()
            if operation & fcntl.LOCK_UN:
                run.locked.pop(descriptor, None)
            else:
                run.locked[descriptor] = run.process.pid


def install(replacements: Replacements) -> None:
    """Replace `fcntl.flock`; outside of a run nothing is noted."""
    replacements.replace(fcntl, "flock", Locker().flock)


def unlock_files_of(run: ActiveRun, pid: int) -> None:
    """As its death would. A descriptor that is used anew by somebody who locks is that one's by now."""
    for descriptor in [one for one, holder in run.locked.items() if holder == pid]:
        del run.locked[descriptor]
        with suppress(OSError):  # closed meanwhile, and unlocked by that
            _flock(descriptor, fcntl.LOCK_UN)
