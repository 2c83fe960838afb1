"""The embedded server as a program: for `saga-chaos proxy`, and as the harness's child process.

Owns the one line it prints, the signals that end it, and that a child ends with its parent.
"""

import asyncio
import os
import signal
import sys
import threading

from harness.toxiproxy.embedded.server import EmbeddedServer


def run_standalone(host: str, port: int) -> int:
    """Serve until SIGINT or SIGTERM; the exit code."""
    asyncio.run(_serve(host, port, watch_stdin=False))
    return 0


def run_child(host: str, port: int) -> int:
    """Serve until stdin closes: whatever happens to the parent, its end of the pipe goes with it."""
    asyncio.run(_serve(host, port, watch_stdin=True))
    return 0


async def _serve(host: str, port: int, *, watch_stdin: bool) -> None:
    server = EmbeddedServer()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.request_stop)
    if watch_stdin:
        threading.Thread(target=_stop_at_end_of_stdin, args=(server,), daemon=True).start()
    await server.serve(host, port, on_bound=_announce if watch_stdin else _greet)


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def _greet(url: str) -> None:
    sys.stdout.write(f"embedded proxy, Toxiproxy-compatible, at {url} (Ctrl-C ends it)\n")
    sys.stdout.flush()


def _stop_at_end_of_stdin(server: EmbeddedServer) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        continue
    server.request_stop()
