"""Search: which plans to run. Guided enumeration first, then Hypothesis, then the shrinker.

Owns the choice of plans. Refuses to run them (a `JobRunner` does) and to sum up (`harness.campaign`).
"""

from harness.search.guided import GuidedSearch
from harness.search.minimise import minimise
from harness.search.run_summary import JobRunner, RunSummary, summarise_run

__all__ = ["GuidedSearch", "JobRunner", "RunSummary", "minimise", "summarise_run"]
