"""What a campaign tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.report_model import ScenarioReport
from harness.search.run_summary import RunSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioBegan:
    """A scenario is searched in a world from here on."""

    name: str
    world: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioProgressed:
    """So many runs are done; `violated` counts invariants.

    planned: about how many there will be. left_s: about how many seconds that takes. None: not known.
    """

    runs: int
    violated: int
    planned: int | None = None
    left_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run of the search was judged; in the order of the search, shrinking aside."""

    run_summary: RunSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioEnded:
    """A scenario was summed up."""

    report: ScenarioReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A sentence for the user: a proxy is being built, a worker died."""

    text: str


CampaignEvent = ScenarioBegan | RunEnded | ScenarioProgressed | ScenarioEnded | Noted
Listener = Callable[[CampaignEvent], None]
