"""RabbitMQ as a broker of our own, with an epmd of its own that ends with it. Owns its configuration."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.brokers.address import BrokerAddress
from harness.brokers.server import OwnBroker, free_ports
from harness.children import end
from harness.rabbitmq.address import AmqpAddress
from harness.rabbitmq.discovery import BrokerPrograms, find_broker
from harness.rabbitmq.frames import GREETING, METHOD

_NOT_NEEDED = (
    *("rabbitmq_management", "rabbitmq_web", "rabbitmq_amqp1_0", "amqp10", "rabbitmq_prometheus"),
    *("rabbitmq_stream", "rabbitmq_tracing", "rabbitmq_top", "rabbitmq_federation", "rabbitmq_shovel"),
)
"""Plug-ins whose mere presence costs a second of each start."""


class OwnRabbit(OwnBroker):
    """programs: where they are; found when they are not given."""

    name = "rabbitmq"

    def __init__(self, progress: Callable[[str], None], programs: BrokerPrograms | None = None) -> None:
        super().__init__(progress)
        self._programs = programs
        self._epmd: subprocess.Popen[bytes] | None = None
        self._ports: tuple[int, ...] = ()

    @property
    def address(self) -> AmqpAddress:
        """Where it is."""
        return AmqpAddress(port=self._ports[0])

    def start(self) -> None:
        self._programs = self._programs or find_broker()
        self._progress("starting RabbitMQ, which takes a few seconds")
        super().start()

    def stop(self) -> None:
        if self._epmd is not None:
            with suppress(subprocess.TimeoutExpired):
                end(self._epmd)
            self._epmd = None
        super().stop()

    def _prepare(self, folder: Path) -> None:
        assert self._programs is not None
        self._ports = free_ports(3)
        _write_configuration(self._programs, folder, self._ports[0])
        self._epmd = self._spawned(
            [str(self._programs.epmd), "-port", str(self._ports[2]), "-address", "127.0.0.1"]
        )

    def _command(self, folder: Path) -> Sequence[str]:
        del folder
        assert self._programs is not None
        return [str(self._programs.server)]

    def _environment(self, folder: Path) -> Mapping[str, str]:
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

    def _answers(self) -> bool:
        return answers(self.address)

    def _logs(self, folder: Path) -> Sequence[Path]:
        return sorted((folder / "log").glob("*.log"))


def _write_configuration(programs: BrokerPrograms, folder: Path, port: int) -> None:
    cookie = folder / ".erlang.cookie"
    cookie.write_text(os.urandom(20).hex())
    cookie.chmod(0o400)
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.file.level = warning\nlog.console = false\n"
        "default_user = guest\ndefault_pass = guest\n"
    )
    (folder / "enabled_plugins").write_text("[].\n")
    plugins = folder / "plugins"
    plugins.mkdir()
    for one in programs.plugins.iterdir():
        if not one.name.startswith(_NOT_NEEDED):
            (plugins / one.name).symlink_to(one)


def answers(address: BrokerAddress, limit_s: float = 1.0) -> bool:
    """Whether somebody there speaks AMQP 0-9-1."""
    try:
        with socket.create_connection((address.host, address.port), timeout=limit_s) as probe:
            probe.sendall(GREETING)
            return probe.recv(1) == bytes([METHOD])
    except OSError:
        return False
