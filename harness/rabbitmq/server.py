"""A broker of our own: started, killed, started again on what it had on disk, and ended here.

Owns that it listens on loopback only, with an epmd of its own, in a folder that is gone afterwards, and that
both end with the harness however the harness ends. Refuses to install anything.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from harness.children import end, spawn
from harness.clock.real import monotonic_s, sleep_s
from harness.rabbitmq.address import BrokerAddress
from harness.rabbitmq.discovery import BrokerPrograms, find_broker
from harness.rabbitmq.errors import BrokerDied, BrokerUnavailable
from harness.rabbitmq.frames import GREETING, METHOD

START_LIMIT_S = 60.0
"""It takes 4 s on an idle machine."""

POLL_S = 0.05
SWEEP_LIMIT_S = 10.0
LOG_LENGTH = 1200
_NOT_NEEDED = (
    *("rabbitmq_management", "rabbitmq_web", "rabbitmq_amqp1_0", "amqp10", "rabbitmq_prometheus"),
    *("rabbitmq_stream", "rabbitmq_tracing", "rabbitmq_top", "rabbitmq_federation", "rabbitmq_shovel"),
)
"""Plug-ins whose mere presence costs a second of each start."""


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


class BrokerServer:
    """A context manager around one broker. programs: where they are; found when they are not given."""

    def __init__(self, progress: Callable[[str], None], programs: BrokerPrograms | None = None) -> None:
        self._progress = progress
        self._programs = programs
        self._folder: Path | None = None
        self._log: IO[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._beam: subprocess.Popen[bytes] | None = None
        self._sweeper: subprocess.Popen[bytes] | None = None
        self._ports: tuple[int, ...] = ()
        self._at_exit: list[weakref.finalize[[subprocess.Popen[bytes]], BrokerServer]] = []

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> BrokerAddress:
        """Where it is."""
        return BrokerAddress(port=self._ports[0])

    @property
    def pid(self) -> int:
        """Of the process that is the broker. Raises BrokerDied before it was started."""
        if self._beam is None:
            raise BrokerDied("rabbitmq: found it not started, expected start() first")
        return self._beam.pid

    def start(self) -> None:
        """Start it and wait until it answers. Raises BrokerUnavailable."""
        programs = self._programs = self._programs or find_broker()
        self._progress("starting RabbitMQ, which takes a few seconds")
        self._folder = Path(tempfile.mkdtemp(prefix="saga-chaos-rabbitmq-"))
        self._sweeper = subprocess.Popen(  # noqa: S603 - our own few lines
            [sys.executable, "-S", "-E", "-c", _SWEEPER, str(self._folder)],
            stdin=subprocess.PIPE,
            env={},
            start_new_session=True,
        )
        self._log = (self._folder / "said.txt").open("w+b")
        self._ports = tuple(_free_ports(3))
        self._write_configuration(programs)
        epmd = [str(programs.epmd), "-port", str(self._ports[2]), "-address", "127.0.0.1"]
        self._epmd = self._spawned(epmd)
        self._start_beam()

    def kill(self) -> None:
        """End it as a crash would: what it had not written is lost."""
        if self._beam is not None:
            end(self._beam)
            self._beam = None

    def start_again(self) -> None:
        """On what it had on disk, at the same address. Raises BrokerUnavailable."""
        self._start_beam()

    def check(self) -> None:
        """Raises BrokerDied with what it said last, unless it runs."""
        if self._beam is None or self._beam.poll() is not None:
            code = None if self._beam is None else self._beam.returncode
            raise BrokerDied(
                f"rabbitmq: found it dead (exit code {code}), expected it to run; its last words: "
                f"{self._said() or 'none'}"
            )

    def stop(self) -> None:
        """End it and its epmd, and remove its folder."""
        for child in (self._beam, self._epmd):
            if child is not None:
                with suppress(subprocess.TimeoutExpired):
                    end(child)
        for one in self._at_exit:
            one.detach()
        self._at_exit = []
        if self._log is not None:
            self._log.close()
        if self._sweeper is not None:
            self._sweeper.communicate(timeout=SWEEP_LIMIT_S)
        self._sweeper = None
        self._beam = self._epmd = self._log = self._folder = None

    # ------------------------------------------------------------------------------------------

    def _start_beam(self) -> None:
        assert self._programs is not None
        self._beam = self._spawned([str(self._programs.server)])
        deadline_s = monotonic_s() + START_LIMIT_S
        while monotonic_s() < deadline_s:
            if self._beam.poll() is not None:
                raise BrokerUnavailable(
                    f"rabbitmq: found it ended at once (exit code {self._beam.returncode}), expected it to "
                    f"serve; it said: {self._said()}"
                )
            if answers(self.address):
                return
            sleep_s(POLL_S)
        raise BrokerUnavailable(
            f"rabbitmq: found no answer in {START_LIMIT_S:g} s, expected one; it said: {self._said()}"
        )

    def _spawned(self, command: list[str]) -> subprocess.Popen[bytes]:
        assert self._log is not None
        child = spawn(command, self._log, self._environment(), own_group=True)
        self._at_exit.append(weakref.finalize(self, end, child))
        return child

    def _write_configuration(self, programs: BrokerPrograms) -> None:
        assert self._folder is not None
        cookie = self._folder / ".erlang.cookie"
        cookie.write_text(os.urandom(20).hex())
        cookie.chmod(0o400)
        port = self._ports[0]
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.file.level = warning\nlog.console = false\n"
            "default_user = guest\ndefault_pass = guest\n"
        )
        (self._folder / "enabled_plugins").write_text("[].\n")
        plugins = self._folder / "plugins"
        plugins.mkdir()
        for one in programs.plugins.iterdir():
            if not one.name.startswith(_NOT_NEEDED):
                (plugins / one.name).symlink_to(one)

    def _environment(self) -> dict[str, str]:
        assert self._folder is not None
        folder = self._folder
        port, distribution, epmd = self._ports
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the broker, and does not wait for it
            "RABBITMQ_NODENAME": f"saga-chaos-{port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_PLUGINS_DIR": str(folder / "plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def _said(self) -> str:
        if self._folder is None:
            return ""
        files = [self._folder / "said.txt", *sorted((self._folder / "log").glob("*.log"))]
        said = "\n".join(one.read_text(errors="replace").strip() for one in files if one.exists())
        return said.strip()[-LOG_LENGTH:]


def answers(address: BrokerAddress, limit_s: float = 1.0) -> bool:
    """Whether somebody there speaks AMQP 0-9-1."""
    try:
        with socket.create_connection((address.host, address.port), timeout=limit_s) as probe:
            probe.sendall(GREETING)
            return probe.recv(1) == bytes([METHOD])
    except OSError:
        return False


def _free_ports(number: int) -> Iterator[int]:
    probes = [socket.socket() for _ in range(number)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        yield from [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
