"""The fault engine at a participant's door: one module a fault kind, one meaning for both worlds.

Owns the kinds and the door, which identifies each call, asks the plan what strikes it, hands it to
the participant and records what came of it. Refuses to know about clocks, sockets and proxies:
a world moves the messages and realises the symptoms.

Adding a kind is one new module with a `KIND`, and its line in `_MODULES`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from harness.faults import (
    cut_reply,
    duplicate,
    error_after,
    error_before,
    garbage,
    late,
    lose_reply,
    lose_request,
    outage,
    partial,
    refuse,
    reject,
    reset_after,
    reset_before,
    slow,
    throttle,
)
from harness.plan.types import FaultKind

_MODULES = (
    refuse,
    lose_request,
    reset_before,
    reset_after,
    lose_reply,
    cut_reply,
    error_before,
    error_after,
    reject,
    throttle,
    garbage,
    slow,
    duplicate,
    late,
    partial,
    outage,
)

KINDS: Mapping[str, FaultKind] = MappingProxyType({module.KIND.name: module.KIND for module in _MODULES})
"""Every call-level kind by name, in the order of DESIGN's table."""

__all__ = ["KINDS"]
