"""Servers in Toxiproxy's place that do not do all that they are told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.toxiproxy.discovery import URL_VARIABLE
from harness.worlds.wire import WireWorld
from tests.wire.sagas import PROGRAMS

ENABLED = "enabled"
TOXICS = ("timeout", "reset_peer", "limit_data", "latency", "bandwidth", "slicer", "slow_close", ENABLED)


@contextmanager
def server(*ignored: str) -> Iterator[str]:
    """Its URL. Of nothing: everything is ignored, which leaves a plain forwarder."""
    program = [sys.executable, str(PROGRAMS / "ignoring.py"), *ignored]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.communicate()


@contextmanager
def world(*ignored: str) -> Iterator[WireWorld]:
    """A world behind such a server."""
    with server(*ignored) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL_VARIABLE, url)
        with WireWorld("auto") as entered:
            yield entered
