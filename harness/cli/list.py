"""`saga-chaos list`."""

from __future__ import annotations

import argparse

import msgspec

from harness.cli.loading import load
from harness.scenario import Scenario


def run(arguments: argparse.Namespace) -> int:
    """One line a scenario, or JSON."""
    from scenarios import REGISTRY  # noqa: PLC0415 - only the command line sees everything

    scenarios = [load(name) for name in REGISTRY]
    if arguments.json:
        print(msgspec.json.encode([_described(one) for one in scenarios]).decode())  # noqa: T201
        return 0
    width = max(len(one.name) for one in scenarios)
    for one in scenarios:
        print(f"{one.name:<{width}}  {'holds' if one.holds else 'breaks':<6}  {one.summary}")  # noqa: T201
    return 0


def _described(one: Scenario) -> dict[str, object]:
    return {
        "name": one.name,
        "holds": one.holds,
        "summary": one.summary,
        "worlds": list(one.saga.worlds),
        "steps": [step.name for step in one.spec.steps],
        "claims": sorted(one.spec.claims),
    }
