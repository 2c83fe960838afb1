import os
import signal
import socket
import subprocess
import sys

import pytest

from harness.errors import EnvironmentFault, UsageError
from harness.toxiproxy.embedded.server import EmbeddedServer
from harness.toxiproxy.embedded.standalone import run_standalone
from tests.unit.toxiproxy.rig import Api

STANDALONE = """
from harness.toxiproxy.embedded.standalone import run_standalone
raise SystemExit(run_standalone("127.0.0.1", 0))
"""


def test_stop_closes_the_api() -> None:
    server = EmbeddedServer()
    server.start()
    api = Api(server.url)
    assert api.call("GET", "/version").body == '{"version": "2.12.0"}\n'
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        api.call("GET", "/version")


def test_a_host_beyond_loopback_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"found '0\.0\.0\.0', expected a loopback address"):
        run_standalone("0.0.0.0", 0)


def test_a_taken_port_is_an_environment_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentFault, match="address already in use"):
            run_standalone("127.0.0.1", port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_standalone_prints_its_address_and_ends_well_on_a_signal(number: int) -> None:
    with subprocess.Popen([sys.executable, "-c", STANDALONE], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
        assert Api(url).call("GET", "/version").status == 200
        os.kill(child.pid, number)
        assert child.wait(5) == 0


def test_child_ends_when_its_stdin_does() -> None:
    command = [sys.executable, "-m", "harness.toxiproxy.embedded", "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline().startswith("http://127.0.0.1:")
        child.stdin.close()
        assert child.wait(5) == 0
