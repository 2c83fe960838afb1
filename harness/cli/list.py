"""`saga-chaos list`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from harness.faults import KINDS
from harness.invariants import INVARIANTS
from harness.loader.adapters import ADAPTERS
from harness.loading import load
from harness.packages import our_packages
from harness.scenario import Scenario
from harness.situations import SITUATIONS

_Found = tuple[Sequence[Mapping[str, str]], Sequence[str]]
"""Invariants and plans in words, of a saga as documented; the names of its hardened ones."""


def run(arguments: argparse.Namespace) -> int:
    """One line a scenario, or JSON."""
    with our_packages():
        from scenarios import REGISTRY  # noqa: PLC0415 - only the command line sees everything
        from scenarios.documented import table  # noqa: PLC0415 - as above
        from scenarios.documented_results import far  # noqa: PLC0415 - as above

    scenarios = [load(name) for name in REGISTRY]
    found = {row.name: (row.told, row.hardened) for row in table()}
    if arguments.json:
        print(msgspec.json.encode([_described(one, found.get(one.name)) for one in scenarios]).decode())  # noqa: T201
        return 0
    width = max(len(one.name) for one in scenarios)
    for one in scenarios:
        print(f"{one.name:<{width}}  {'holds' if one.holds else 'breaks':<6}  {one.summary}")  # noqa: T201
        for line in _told(found.get(one.name), far):
            print(f"{'':<{width}}  {line}")  # noqa: T201
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


def _told(found: _Found | None, far: Callable[[str], str]) -> Iterator[str]:
    """What the search found in a saga as documented, and which ones hold in its place, and how far."""
    if found is not None:
        told, hardened = found
        yield from (f"{one['invariant']}: {one['plan']}" for one in told)
        for name in hardened:
            yield f"hardened: {name}" + (f" ({words})" if (words := far(name)) else "")


def _described(one: Scenario, found: _Found | None) -> dict[str, object]:
    told = {} if found is None else {"found": found[0], "hardened": list(found[1])}
    return {
        **told,
        "name": one.name,
        "holds": one.holds,
        "summary": one.summary,
        "worlds": list(one.worlds),
        "steps": [step.name for step in one.spec.steps],
        "claims": sorted(one.spec.claims),
    }
