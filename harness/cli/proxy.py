"""`saga-chaos proxy`: the embedded, Toxiproxy-compatible server on its own."""

from __future__ import annotations

import argparse

from harness.errors import UsageError, misplaced
from harness.toxiproxy.embedded.standalone import run_standalone

HIGHEST_PORT = 65_535


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    if not 0 <= arguments.port <= HIGHEST_PORT:
        raise UsageError(
            misplaced("--port", arguments.port, f"a port from 0 (any free one) to {HIGHEST_PORT}")
        )
    return run_standalone(arguments.host, arguments.port)
