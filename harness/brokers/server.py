"""A broker of our own: started, killed, started again on what it had on disk, and ended here.

Owns that it has a folder of its own, which is gone afterwards, and that it ends with the harness however the
harness ends. Which program it is, and how it is told to listen on loopback only, each broker says. Refuses to
install anything.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from harness.brokers.address import BrokerAddress
from harness.brokers.errors import BrokerDied, BrokerUnavailable
from harness.children import end, spawn
from harness.clock.real import monotonic_s, sleep_s

START_LIMIT_S = 60.0
"""RabbitMQ takes 4 s on an idle machine, and Redis a few milliseconds."""

SWEEP_LIMIT_S = 10.0
LOG_LENGTH = 1200

# Waits until its stdin ends, which is when whoever started it has ended, and removes a folder that a killed
# broker may still be writing to.
_SWEEPER = """
import os, shutil, sys, time
sys.stdin.read()
for _ in range(50):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    if not os.path.exists(sys.argv[1]):
        break
    time.sleep(0.1)
"""


class OwnBroker(ABC):
    """A context manager around one broker. progress: is told what takes long."""

    name = ""
    """As its messages begin, and its folder."""

    poll_s = 0.05
    """How often it is asked whether it answers by now."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._folder: Path | None = None
        self._log: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._sweeper: subprocess.Popen[bytes] | None = None
        self._at_exit: list[weakref.finalize[[subprocess.Popen[bytes]], OwnBroker]] = []

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # What each broker says --------------------------------------------------------------------

    @property
    @abstractmethod
    def address(self) -> BrokerAddress:
        """Where it is."""

    @abstractmethod
    def _prepare(self, folder: Path) -> None:
        """Find its program, choose its ports, and write its configuration. Raises BrokerUnavailable."""

    @abstractmethod
    def _command(self, folder: Path) -> Sequence[str]:
        """What starts it."""

    @abstractmethod
    def _environment(self, folder: Path) -> Mapping[str, str]:
        """Nothing of the caller's, unless it needs that."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it serves."""

    def _logs(self, folder: Path) -> Sequence[Path]:
        """Files in which it says what went wrong."""
        del folder
        return ()

    # ------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Of the process that is the broker. Raises BrokerDied before it was started."""
        if self._process is None:
            raise BrokerDied(f"{self.name}: found it not started, expected start() first")
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers. Raises BrokerUnavailable."""
        folder = self._folder = Path(tempfile.mkdtemp(prefix=f"saga-chaos-{self.name}-"))
        self._sweeper = subprocess.Popen(  # noqa: S603 - our own few lines
            [sys.executable, "-S", "-E", "-c", _SWEEPER, str(folder)],
            stdin=subprocess.PIPE,
            env={},
            start_new_session=True,
        )
        self._log = (folder / "said.txt").open("w+b")
        self._prepare(folder)
        self.start_again()

    def kill(self) -> None:
        """End it as a crash would: what it had not written is lost."""
        if self._process is not None:
            end(self._process)
            self._process = None

    def start_again(self) -> None:
        """On what it had on disk, at the same address. Raises BrokerUnavailable."""
        assert self._folder is not None
        self._process = self._spawned(self._command(self._folder))
        deadline_s = monotonic_s() + START_LIMIT_S
        while monotonic_s() < deadline_s:
            if self._process.poll() is not None:
                raise BrokerUnavailable(
                    f"{self.name}: found it ended at once (exit code {self._process.returncode}), expected "
                    f"it to serve; it said: {self._said()}"
                )
            if self._answers():
                return
            sleep_s(self.poll_s)
        raise BrokerUnavailable(
            f"{self.name}: found no answer in {START_LIMIT_S:g} s, expected one; it said: {self._said()}"
        )

    def check(self) -> None:
        """Raises BrokerDied with what it said last, unless it runs."""
        if self._process is None or self._process.poll() is not None:
            code = None if self._process is None else self._process.returncode
            raise BrokerDied(
                f"{self.name}: found it dead (exit code {code}), expected it to run; its last words: "
                f"{self._said() or 'none'}"
            )

    def stop(self) -> None:
        """End it, and remove its folder."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                end(self._process)
        for one in self._at_exit:
            one.detach()
        self._at_exit = []
        if self._log is not None:
            self._log.close()
        if self._sweeper is not None:
            self._sweeper.communicate(timeout=SWEEP_LIMIT_S)
        self._process = self._sweeper = self._log = self._folder = None

    def _spawned(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        assert self._log is not None
        assert self._folder is not None
        child = spawn(command, self._log, self._environment(self._folder), own_group=True)
        self._at_exit.append(weakref.finalize(self, end, child))
        return child

    def _said(self) -> str:
        if self._folder is None:
            return ""
        files = [self._folder / "said.txt", *self._logs(self._folder)]
        said = "\n".join(one.read_text(errors="replace").strip() for one in files if one.exists())
        return said.strip()[-LOG_LENGTH:]


def free_ports(number: int) -> tuple[int, ...]:
    """Of loopback, each another one."""
    probes = [socket.socket() for _ in range(number)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return tuple(int(probe.getsockname()[1]) for probe in probes)
    finally:
        for probe in probes:
            probe.close()
