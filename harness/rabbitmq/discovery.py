"""Where RabbitMQ's programs are on this machine. It starts and installs nothing."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.brokers.errors import BrokerUnavailable

SERVER_VARIABLE = "SAGA_CHAOS_RABBITMQ_SERVER"
"""Names a `rabbitmq-server` elsewhere."""

PLACES = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server")
"""Before PATH: the one that Debian puts there changes to another user."""

HOW = (
    "install one (Debian: apt-get install rabbitmq-server), name its rabbitmq-server in "
    f"{SERVER_VARIABLE}, or name a broker that runs by url = 'amqp://…' in the bus's table"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPrograms:
    """server: rabbitmq-server. plugins: the folder of its plug-ins."""

    server: Path
    epmd: Path
    plugins: Path


def find_broker() -> BrokerPrograms:
    """The programs. Raises BrokerUnavailable with what was tried, and how to get one."""
    named = os.environ.get(SERVER_VARIABLE)
    places = [named] if named else [*PLACES, shutil.which("rabbitmq-server")]
    server = next((Path(one) for one in places if one and Path(one).is_file()), None)
    tried = ", ".join(str(one) for one in places if one)
    if server is None:
        raise BrokerUnavailable(f"rabbitmq: found no rabbitmq-server (tried {tried}), expected one: {HOW}")
    epmd = shutil.which("epmd")
    if epmd is None:
        raise BrokerUnavailable(
            f"rabbitmq: found {server}, and no Erlang (epmd) on PATH, expected both: {HOW}"
        )
    plugins = _plugins(server)
    if plugins is None:
        raise BrokerUnavailable(
            f"rabbitmq: found {server}, and no folder plugins beside it, expected both: {HOW}"
        )
    return BrokerPrograms(server=server, epmd=Path(epmd), plugins=plugins)


def _plugins(server: Path) -> Path | None:
    home = server.resolve().parent.parent
    folders = [home / "plugins", *sorted(home.glob("lib/rabbitmq_server-*/plugins"))]
    return next((one for one in folders if one.is_dir()), None)
