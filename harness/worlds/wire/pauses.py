"""What pauses a saga makes between a reply and its next request, by run.

A process fault that strikes a share of a pause needs to know the pause before it comes. Owns what the
runs of this world showed; where the run without that fault was not seen here, it is run once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from harness.history import History, pauses_of
from harness.plan import FaultPlan, Site
from harness.saga import Claim, Json
from harness.scenario import Scenario
from harness.worlds.wire.wire_plan import WirePlan

MOST_KEPT = 512
_Key = tuple[str, bytes, FaultPlan]


class Pauses:
    """Of the runs of one world: those of the latest ones, for a search would ask for them soon or never."""

    def __init__(self) -> None:
        self._known: dict[_Key, Mapping[Site, float]] = {}

    def needed(
        self, plan: WirePlan, scenario: Scenario, input_: Json, run: Callable[[FaultPlan], History]
    ) -> Mapping[Site, float]:
        """For a plan that strikes within pauses, those of the run without these faults; else none.

        run: runs a plan of the scenario with that input.
        """
        if plan.before_moments is None:
            return {}
        key = _key(scenario, input_, plan.before_moments)
        if key not in self._known:
            self._keep(key, run(plan.before_moments))
        return self._known[key]

    def note(self, plan: WirePlan, scenario: Scenario, input_: Json, history: History) -> None:
        """A run has shown its pauses."""
        if Claim.PROCESS_DEATH in scenario.spec.claims and plan.before_moments is None:
            self._keep(_key(scenario, input_, plan.plan), history)

    def _keep(self, key: _Key, history: History) -> None:
        sites = {call.sent.call: call.site for call in history.calls}
        self._known[key] = {
            Site(operation=operation, nth=nth): pause_s
            for call, pause_s in pauses_of(history).items()
            for operation, nth in (sites[call],)
            if operation is not None
        }
        if len(self._known) > MOST_KEPT:
            del self._known[next(iter(self._known))]


def _key(scenario: Scenario, input_: Json, plan: FaultPlan) -> _Key:
    return scenario.name, msgspec.json.encode(input_), plan
