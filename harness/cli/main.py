"""Dispatches to one module a command, and turns errors into one message and an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from harness.cli.arguments import parsed
from harness.errors import SagaChaosError, Terminated, UsageError, interruption, misplaced

INTERRUPTED = 4
CRASHED = 4


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code of DESIGN, "Verdicts and exit codes"."""
    given = sys.argv[1:] if argv is None else argv
    arguments = parsed(given)
    arguments.given = list(given)
    try:
        _refuse_unwritable_names(given)
        with _sigterm_as_interrupt():
            return _run(arguments)
    except SagaChaosError as error:
        _say(f"saga-chaos: {error}")
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        _say(f"saga-chaos: {interruption(interrupt)}")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; Python must not complain about that at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CRASHED
    except Exception as error:  # noqa: BLE001 - a bug of ours: one message, and where to look
        return _bug(error)


def _refuse_unwritable_names(given: Sequence[str]) -> None:
    """Reports, records and replay lines are UTF-8, and name these. Raises UsageError."""
    for what, name in (*(("an argument", one) for one in given), ("the working folder", Path.cwd())):
        try:
            str(name).encode()
        except UnicodeEncodeError:
            raise UsageError(misplaced(what, str(name), "a name in UTF-8")) from None


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """The first SIGTERM ends a command as Ctrl-C does; further ones do not disturb its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(_: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(arguments: argparse.Namespace) -> int:
    module = importlib.import_module(f"harness.cli.{arguments.command}")
    code: int = module.run(arguments)
    return code


def _bug(error: Exception) -> int:
    if os.environ.get("SAGA_CHAOS_DEBUG"):
        raise error
    _say(
        f"saga-chaos: a bug of ours, {type(error).__name__}: {error}. "
        "Set SAGA_CHAOS_DEBUG=1 for the traceback, and please report it"
    )
    return CRASHED


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - this is the command line


def entry() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    entry()
