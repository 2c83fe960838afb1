"""Search: which plans to run. Guided enumeration first, then Hypothesis, then the shrinker.

Owns the choice of plans. Refuses to run them (an `Executor` does) and to sum up (`harness.campaign`).
"""

from harness.search.digest import Digest, Executor, digest_run
from harness.search.guided import GuidedSearch
from harness.search.minimise import minimise
from harness.search.unlocked import Unlocked, unlocked_faults

__all__ = ["Digest", "Executor", "GuidedSearch", "Unlocked", "digest_run", "minimise", "unlocked_faults"]
