"""How to run one saga by hand, as saga-chaos does: the first thing to try where it does not answer.

Owns the addresses that such a line names. Refuses to run it.
"""

from __future__ import annotations

from pathlib import Path

from harness.adapter.subprocess import as_processes_find_them
from harness.loader.adapters import ManualCall, launched_by
from harness.scenario import Scenario

_PORT = 9001
_STORE = Path("/tmp")  # noqa: S108 - a line for a person to try


def manual_command(scenario: Scenario) -> str:
    """One line for a shell; empty for a callable: a traceback tells more."""
    found = launched_by(scenario.saga)
    if found is None:
        return ""
    ports = {one.name: f"http://127.0.0.1:{_PORT + index}" for index, one in enumerate(scenario.participants)}
    urls = as_processes_find_them(ports, scenario.only_bus)
    plugin, _ = found
    return plugin.manual_command(
        scenario.saga, ManualCall(input=scenario.inputs[0], urls=urls, store_dir=_STORE)
    )
