"""The walls of a simulated run."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.clock import (
    Scheduler,
    SimProcessRefused,
    SimRefused,
    SimSocketRefused,
    SimThreadRefused,
    guard,
    virtual_time,
)
from harness.errors import UsageError


@pytest.fixture
def run() -> Iterator[None]:
    with virtual_time.active(Scheduler(), seed="test"):
        yield


def with_socket(use: Callable[[socket.socket], object]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        use(sock)


@pytest.mark.parametrize(
    ("tried", "says"),
    [
        (lambda: with_socket(lambda sock: sock.connect(("127.0.0.1", 9))), "127.0.0.1:9"),
        (lambda: with_socket(lambda sock: sock.connect_ex(("127.0.0.1", 9))), "connect_ex"),
        (lambda: with_socket(lambda sock: sock.bind(("127.0.0.1", 0))), "bind"),
        (lambda: with_socket(lambda sock: sock.listen()), "listen"),
        (lambda: with_socket(lambda sock: sock.sendto(b"x", ("127.0.0.1", 9))), "127.0.0.1:9"),
        (lambda: socket.create_connection(("example.test", 443)), "example.test:443"),
        (lambda: socket.create_connection(address=("example.test", 443)), "example.test:443"),
        (lambda: socket.getaddrinfo("example.test", 443), "resolve example.test:443"),
        (asyncio.SelectorEventLoop, "real event loop"),
    ],
)
def test_sockets_are_refused(run: None, tried: Callable[[], object], says: str) -> None:
    with pytest.raises(SimSocketRefused, match=rf"{says}.*test_guards\.py:\d+.*--world wire"):
        tried()


def work() -> None:
    """What a thread would do."""


@pytest.mark.parametrize(
    "tried",
    [
        lambda: threading.Thread(target=work).start(),
        lambda: _thread.start_new_thread(work, ()),
        lambda: ThreadPoolExecutor(1).submit(work),
    ],
)
def test_threads_are_refused(run: None, tried: Callable[[], object]) -> None:
    with pytest.raises(SimThreadRefused, match=r"by .*test_guards\.py:\d+"):
        tried()


def test_the_refused_thread_is_named(run: None) -> None:
    with pytest.raises(SimThreadRefused, match="'beat' for work"):
        threading.Thread(target=work, name="beat").start()


@pytest.mark.parametrize(
    "tried",
    [
        lambda: subprocess.run([sys.executable, "-V"], check=False),
        lambda: os.fork(),  # noqa: PLW0108 - looked up late: it is replaced after this list is made
        lambda: os.system("true"),
    ],
)
def test_processes_are_refused(run: None, tried: Callable[[], object]) -> None:
    with pytest.raises(SimProcessRefused):
        tried()


def test_refusals_are_usage_errors_that_a_saga_cannot_hide(run: None) -> None:
    assert issubclass(SimRefused, UsageError)
    with contextlib.suppress(Exception):
        socket.create_connection(("10.0.0.1", 80))
    (refusal,) = guard.refusals
    assert (refusal.kind, refusal.tried) == ("SimSocketRefused", "connect to 10.0.0.1:80")
    assert "test_guards.py" in refusal.who


def test_each_run_begins_without_refusals(run: None) -> None:
    assert guard.refusals == []


def test_outside_of_a_run_everything_works() -> None:
    virtual_time.install()
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    subprocess.run([sys.executable, "-c", ""], check=True)
    asyncio.run(asyncio.sleep(0))
