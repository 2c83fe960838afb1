"""`saga-chaos list`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from harness.faults import KINDS
from harness.invariants import INVARIANTS
from harness.loader.adapters import ADAPTERS
from harness.loading import load
from harness.packages import our_packages
from harness.scenario import Scenario
from harness.situations import SITUATIONS


def run(arguments: argparse.Namespace) -> int:
    """One line a scenario, or JSON."""
    with our_packages():
        from scenarios import REGISTRY  # noqa: PLC0415 - only the command line sees everything

    scenarios = [load(name) for name in REGISTRY]
    if arguments.json:
        print(msgspec.json.encode([_described(one) for one in scenarios]).decode())  # noqa: T201
        return 0
    width = max(len(one.name) for one in scenarios)
    for one in scenarios:
        print(f"{one.name:<{width}}  {'holds' if one.holds else 'breaks':<6}  {one.summary}")  # noqa: T201
    for line in _offered():
        print(line)  # noqa: T201 - this is the command line
    return 0


def _offered() -> Iterator[str]:
    """What installed packages offer beside ours; a scenario names what it wants of it."""
    for what, registry, key in (
        ("invariants", INVARIANTS, "invariants = [...]"),
        ("situations", SITUATIONS, "situations = [...]"),
        ("faults", KINDS, "faults = [...]"),
        ("adapters", ADAPTERS, 'adapter = "..."'),
    ):
        if registry.offered:
            yield f"{what} of installed packages, for {key} in [saga]: {', '.join(registry.offered)}"


def _described(one: Scenario) -> dict[str, object]:
    return {
        "name": one.name,
        "holds": one.holds,
        "summary": one.summary,
        "worlds": list(one.worlds),
        "steps": [step.name for step in one.spec.steps],
        "claims": sorted(one.spec.claims),
    }
