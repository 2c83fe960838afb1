import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.toxiproxy.client import Toxic
from harness.toxiproxy.discovery import ServerChoice
from harness.toxiproxy.errors import ProxyDied, ProxyUnavailable
from harness.toxiproxy.server import ProxyServer

EMBEDDED = ServerChoice(kind="embedded", place="embedded")
ORPHAN = """
import time
from harness.toxiproxy.discovery import ServerChoice
from harness.toxiproxy.server import ProxyServer
server = ProxyServer(ServerChoice(kind="embedded", place="embedded"))
server.start()
print(server._child.pid, flush=True)
time.sleep(60)
"""


def test_a_server_from_start_to_stop() -> None:
    with ProxyServer(EMBEDDED) as server:
        assert (server.kind, server.version, server.alive()) == ("embedded", "2.12.0", True)
        proxy = server.client.create("a", "127.0.0.1:9")
        proxy.add_toxic(Toxic(type="noop", stream="upstream"))
        child = server._child
    assert child is not None
    assert child.poll() is not None
    assert not server.alive()


def test_a_dead_server_is_noticed() -> None:
    with ProxyServer(EMBEDDED) as server:
        assert server._child is not None
        os.kill(server._child.pid, signal.SIGKILL)
        server._child.wait(5)
        with pytest.raises(ProxyDied, match="exit code -9"):
            server.check()
        with pytest.raises(ProxyDied, match="got no answer"):
            server.client.reset()


def test_a_program_that_ends_at_once_is_unavailable() -> None:
    choice = ServerChoice(kind="toxiproxy", place="here", binary=Path("/bin/false"))
    with pytest.raises(ProxyUnavailable, match="here: found it ended at once"):
        ProxyServer(choice).start()


def test_a_running_server_is_used_and_left_running() -> None:
    with ProxyServer(EMBEDDED) as running:
        with ProxyServer(ServerChoice(kind="toxiproxy", place="url", url=running.url)) as used:
            assert (used.kind, used.port) == ("embedded", running.port)
        assert running.alive()


def test_a_server_outlives_the_thread_that_started_it() -> None:
    server = ProxyServer(EMBEDDED)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    time.sleep(0.1)
    assert server.alive()
    server.stop()


def test_a_server_dies_with_a_harness_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout is not None
        pid = int(harness.stdout.readline())
        harness.kill()
        harness.wait(5)
    deadline_s = time.monotonic() + 3
    while _runs(pid) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
