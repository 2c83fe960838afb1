"""How to run one saga by hand, as saga-chaos does: the first thing to try where it does not answer.

Owns one line for a shell. Refuses to run it.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec

from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import SubprocessSaga, environment
from harness.scenario import Scenario

_PORT = 9001
_STORE = Path("/tmp")  # noqa: S108 - a line for a person to try


def manual_command(scenario: Scenario) -> str:
    """Nothing for a callable: a traceback tells more."""
    saga = scenario.saga
    if isinstance(saga, SubprocessSaga):
        given = shlex.quote(msgspec.json.encode(scenario.inputs[0]).decode())
        line = f"echo {given} | {_variables(scenario)} {shlex.join(saga.command)} run by-hand"
        return f"to try it by hand: cd {shlex.quote(str(saga.cwd))} && {line}"
    if isinstance(saga, HttpSaga) and saga.start:
        line = f"{_variables(scenario)} {shlex.join(saga.start)}"
        return f"to start it by hand: cd {shlex.quote(str(saga.cwd))} && {line}"
    return f"to try it by hand: start the service at {saga.name}" if isinstance(saga, HttpSaga) else ""


def _variables(scenario: Scenario) -> str:
    urls = {one.name: f"http://127.0.0.1:{_PORT + index}" for index, one in enumerate(scenario.participants)}
    return " ".join(f"{name}={value}" for name, value in environment(urls, _STORE).items())
