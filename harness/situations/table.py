"""Every situation, in the order in which reports list them: one line a module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.errors import ScenarioError, misplaced, nearest
from harness.history import ExecutorStruck
from harness.registry import Registry
from harness.scenario import Scenario
from harness.situations.base import Situation
from harness.situations.calls import CALLS
from harness.situations.executors import EXECUTORS
from harness.situations.several import SEVERAL
from harness.views import View

_ALL = (
    *CALLS,
    *EXECUTORS,
    *SEVERAL,
)

SITUATIONS = Registry("situation", "saga_chaos.situations", Situation, lambda one: one.id, _ALL)
"""Every situation by id: ours, then those that packages offer."""


def situations_of(scenario: Scenario) -> Mapping[str, Situation]:
    """Those that its runs may show: all of ours, and its own. Raises ScenarioError for what is none."""
    return SITUATIONS.all_of(scenario.situations, f"scenario {scenario.name!r}, situations")


def seen_situations(view: View, own: Iterable[Situation] = ()) -> tuple[str, ...]:
    """Those that a run shows. own: a scenario's own, beside ours."""
    struck = bool(view.history.of(ExecutorStruck))
    several = SEVERAL if len(view.sagas) > 1 else ()
    asked = (*CALLS, *(EXECUTORS if struck else ()), *several, *own)
    seen = {one.id for saga in view.sagas for one in asked if one.seen(view, saga)}
    return tuple(one.id for one in asked if one.id in seen)


def required_situations(scenario: Scenario) -> tuple[str, ...]:
    """Those that a scenario asks for, else those that it must be able to show. Raises ScenarioError."""
    asked, known = scenario.requires, situations_of(scenario)
    if asked is None:
        return tuple(one.id for one in known.values() if one.required(scenario))
    for id_ in asked:
        if id_ not in known:
            raise ScenarioError(misplaced(f"saga {scenario.spec.name!r}, requires", id_, nearest(id_, known)))
    return asked
