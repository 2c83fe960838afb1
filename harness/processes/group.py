"""One command in a session of its own, with its input and output in files.

Files, because a pipe that nobody reads blocks whoever writes. Signals go to the whole group; what
left the group carries the mark of the command, and is found by it.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from harness.clock.real import monotonic_s, sleep_s
from harness.errors import EnvironmentFault, UsageError, misplaced
from harness.processes import marks
from harness.processes.hosts import on_host

END_LIMIT_S = 5.0
FREEZE_LIMIT_S = 1.0
TAIL = 1 << 20
"""Bytes of output that are looked at: an outcome is at the end."""

_POLL_S = 0.001


class CannotStart(UsageError):  # noqa: N818 - named for what is so
    """A command that is not there, or is no program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to start, where, and with what. `host`: the name of the machine it is to believe in."""

    line: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    host: str | None = None


class Group:
    """A command that was started. Reap it in the end, however it ended."""

    def __init__(self, command: Command, *, mark: str, files: Path) -> None:
        """Raises CannotStart. `files`: a path to which `.in`, `.out` and `.err` are added."""
        self.command = command
        self.mark = mark
        self._out = files.with_suffix(".out")
        self._err = files.with_suffix(".err")
        self._process = _start(command, mark, files.with_suffix(".in"), self._out, self._err)
        self._pidfd = _pidfd(self._process.pid)
        self._dead = False
        self._told: dict[Path, int] = {}

    @property
    def pid(self) -> int:
        """Of the command, and of its group."""
        return self._process.pid

    def fileno(self) -> int | None:
        """Readable once the command has ended."""
        return self._pidfd

    def exit_code(self) -> int | None:
        """None while it runs; negative where a signal ended it."""
        return self._process.poll()

    def stdout(self) -> str:
        """The end of what it said."""
        return _tail(self._out)

    def stderr(self) -> str:
        """The end of its complaints."""
        return _tail(self._err)

    def said(self) -> str:
        """What it said and complained of since this was last asked, the beginning of each."""
        found = ""
        for path in (self._out, self._err):
            text, self._told[path] = _from(path, self._told.get(path, 0))
            found += text
        return found

    # Process faults ------------------------------------------------------------------------------------

    def kill(self) -> None:
        """SIGKILL to the group; from any thread. It may take a moment until all are gone: `reap`."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """SIGSTOP to the group, until the command has stopped. Raises EnvironmentFault where it does not."""
        self._signal(signal.SIGSTOP)
        deadline_s = monotonic_s() + FREEZE_LIMIT_S
        while not self._stopped():
            if monotonic_s() > deadline_s:
                raise EnvironmentFault(
                    f"process {self.pid}: found it running after a SIGSTOP, expected it to stop"
                )
            sleep_s(_POLL_S)

    def wake(self) -> None:
        """SIGCONT to the group."""
        self._signal(signal.SIGCONT)

    def ask_to_cancel(self) -> None:
        """SIGUSR1 to the command alone."""
        if not self._dead:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGUSR1)

    def left(self) -> tuple[marks.Marked, ...]:
        """Children that outlive the command."""
        return marks.find(self.mark)

    def reap(self, limit_s: float = END_LIMIT_S) -> None:
        """Kill what is left of it, in the group or out of it, and wait until all are gone."""
        if self._dead:
            return
        self.kill()
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise EnvironmentFault(
                f"process {self.pid} ({self.command.line[0]}): found it alive {limit_s:g} s after a SIGKILL, "
                "expected it gone"
            ) from None
        marks.sweep(self.mark, limit_s=limit_s)
        self._dead = True
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

    def _signal(self, number: signal.Signals) -> None:
        if not self._dead:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _stopped(self) -> bool:
        try:
            return psutil.Process(self.pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return True


def _start(command: Command, mark: str, stdin: Path, out: Path, err: Path) -> subprocess.Popen[bytes]:
    stdin.write_bytes(command.stdin)
    environment = {**os.environ, **command.env, marks.MARK: mark}
    line = command.line
    if command.host is not None:
        line = on_host(command.host, line)
        environment["HOSTNAME"] = command.host
    with stdin.open("rb") as given, out.open("wb") as said, err.open("wb") as complained:
        try:
            return subprocess.Popen(  # noqa: S603 - the command is the saga under test
                line,
                cwd=command.cwd,
                env=environment,
                stdin=given,
                stdout=said,
                stderr=complained,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise CannotStart(_why(command, error)) from None


def _why(command: Command, error: OSError | ValueError) -> str:
    where = f"command {list(command.line)} in {command.cwd}"
    if not command.cwd.is_dir():
        return misplaced(where, "no such folder", "one to start the command in")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return misplaced(where, reason, "a program that can be started")


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # no Linux, or an old one
        return None


def _from(path: Path, begin: int) -> tuple[str, int]:
    """What a file has from a place on, not more than `TAIL`, and where it ends."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(begin)
            return file.read(min(TAIL, end - begin)).decode(errors="replace"), end
    except OSError:
        return "", begin


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
