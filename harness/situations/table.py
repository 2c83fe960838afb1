"""Every situation, in the order in which reports list them: one line a module."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from harness.errors import ScenarioError, misplaced, nearest
from harness.history import ExecutorStruck
from harness.scenario import Scenario
from harness.situations.base import Situation
from harness.situations.calls import CALLS
from harness.situations.executors import EXECUTORS
from harness.views import View

_ALL = (
    *CALLS,
    *EXECUTORS,
)

SITUATIONS: Mapping[str, Situation] = MappingProxyType({one.id: one for one in _ALL})
"""Every situation by id."""


def seen_situations(view: View) -> tuple[str, ...]:
    """Those that a run shows."""
    struck = any(isinstance(event, ExecutorStruck) for event in view.history.events)
    asked = _ALL if struck else CALLS
    return tuple(one.id for one in asked if any(one.seen(view, saga) for saga in view.sagas))


def required_situations(scenario: Scenario) -> tuple[str, ...]:
    """Those that a scenario asks for, else those that it must be able to show. Raises ScenarioError."""
    asked = scenario.requires
    if asked is None:
        return tuple(one.id for one in _ALL if one.required(scenario))
    for id_ in asked:
        if id_ not in SITUATIONS:
            raise ScenarioError(
                misplaced(f"saga {scenario.spec.name!r}, requires", id_, nearest(id_, SITUATIONS))
            )
    return asked
