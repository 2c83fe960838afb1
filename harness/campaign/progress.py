"""How far the search of a scenario has come, and about how long the rest of it takes.

Owns the estimates in seconds. Refuses to show them, and to know a plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.campaign.events import ScenarioProgressed
from harness.clock import real
from harness.search import GuidedSearch

RUNS_FOR_AN_EXAMPLE = 2
"""Drawing a plan fault by fault takes more runs than one."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """Of one scenario in one world. examples: those that Hypothesis is asked for.

    earlier_s: seconds that earlier sessions of the campaign spent.
    """

    guided: GuidedSearch
    examples: int
    earlier_s: float = 0.0
    now_s: Callable[[], float] = real.monotonic_s
    began_s: float = field(init=False)
    _runs: int = 0
    _drawn: int = 0

    def __post_init__(self) -> None:
        self.began_s = self.now_s()

    def ran(self, *, drawn: bool) -> None:
        """One run is over."""
        self._runs += 1
        self._drawn += drawn

    def told(self, runs: int, violated: int) -> ScenarioProgressed:
        """The event. runs: of the whole campaign of the scenario."""
        ahead = self._ahead()
        return ScenarioProgressed(
            runs=runs, violated=violated, planned=runs + ahead, left_s=ahead * self._each_s()
        )

    @property
    def needs_s(self) -> float:
        """About how many seconds the whole search takes, those that are over among them."""
        return self._took_s() + self._ahead() * self._each_s()

    @property
    def singles_need_s(self) -> float:
        """About how many seconds it takes until the search of single faults is complete, if it is not."""
        return self._took_s() + self.guided.workload.ahead().singles * self._each_s()

    def _ahead(self) -> int:
        to_draw = max(0, self.examples * RUNS_FOR_AN_EXAMPLE - self._drawn)
        return self.guided.workload.ahead().all + to_draw

    def _took_s(self) -> float:
        return self.earlier_s + self.now_s() - self.began_s

    def _each_s(self) -> float:
        return self._took_s() / self._runs if self._runs else 0.0
