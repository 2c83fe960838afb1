"""The fault engine: one module a fault kind, one meaning for both worlds.

Owns the kinds and the fault injector, which identifies each call, asks the plan what strikes it, hands it to
the participant and records what came of it. Refuses to know about clocks, sockets, proxies and
processes: a world moves the messages, realises the symptoms and injects the process faults.

Adding a kind is one new module with a `KIND`, and its line in `_MODULES`.
"""

from collections.abc import Mapping
from importlib import import_module

from harness.plan.types import FaultKind
from harness.registry import Registry
from harness.scenario import Scenario

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
    "drop_message",
    "duplicate_message",
    "reorder_message",
    "delay_message",
    "late_message",
    "lose_ack",
    "poison_message",
)


def _kind(module: str) -> FaultKind:
    kind: FaultKind = import_module(f"{__name__}.{module}").KIND
    return kind


KINDS = Registry("fault kind", "saga_chaos.faults", FaultKind, lambda kind: kind.name, map(_kind, _MODULES))
"""Every kind by name, in the order in which they are searched: ours, then those that packages offer."""


def kinds_of(scenario: Scenario) -> Mapping[str, FaultKind]:
    """Those that are searched for it: all of ours, and its own. Raises ScenarioError for what is none."""
    return KINDS.all_of(scenario.faults, f"scenario {scenario.name!r}, faults")


__all__ = ["KINDS", "kinds_of"]
