"""The fault engine at a participant's door: one module a fault kind, one meaning for both worlds.

Owns the kinds and the door, which identifies each call, asks the plan what strikes it, hands it to
the participant and records what came of it. Refuses to know about clocks, sockets, proxies and
processes: a world moves the messages, realises the symptoms and deals the blows.

Adding a kind is one new module with a `KIND`, and its line in `_MODULES`.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from harness.plan.types import FaultKind

_MODULES = (
    "refuse",
    "lose_request",
    "lose_reply",
    "reset_before",
    "reset_after",
    "cut_reply",
    "error_before",
    "error_after",
    "reject",
    "throttle",
    "garbage",
    "slow",
    "duplicate",
    "late",
    "partial",
    "outage",
    "participant_crash",
    "crash",
    "move",
    "race",
    "pause",
    "start_twice",
    "cancel",
)


def _kind(module: str) -> FaultKind:
    kind: FaultKind = import_module(f"{__name__}.{module}").KIND
    return kind


KINDS: Mapping[str, FaultKind] = MappingProxyType({kind.name: kind for kind in map(_kind, _MODULES)})
"""Every kind by name, in the order in which they are searched."""

__all__ = ["KINDS"]
