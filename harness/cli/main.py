"""Dispatches to one module a command, and turns errors into one message and an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from harness.cli.arguments import parser
from harness.errors import SagaChaosError

INTERRUPTED = 4
CRASHED = 4


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code of DESIGN, "Verdicts and exit codes"."""
    given = sys.argv[1:] if argv is None else argv
    arguments = parser().parse_args(given)
    arguments.given = list(given)
    try:
        return _run(arguments)
    except SagaChaosError as error:
        _say(f"saga-chaos: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("saga-chaos: interrupted by the user")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CRASHED
    except Exception as error:  # noqa: BLE001 - a bug of ours: one message, and where to look
        return _bug(error)


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
