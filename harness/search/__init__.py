"""Search: which plans to run. Guided enumeration first, then Hypothesis, then the shrinker.

Owns the choice of plans. Refuses to run them (an `Executor` does) and to sum up (`harness.campaign`).
"""

from harness.search.digest import Digest, Executor, digest_run
from harness.search.guided import GuidedSearch
from harness.search.minimise import minimise

__all__ = ["Digest", "Executor", "GuidedSearch", "digest_run", "minimise"]
