"""Situations: what a campaign must have seen before a pass means anything.

Owns the table of situations: what each says, how to reach it, whether a run shows it, and whether a
spec requires it by default. Refuses to judge: a situation is neither good nor bad.

Adding a situation is one entry in `calls` or, where only a process fault brings it about, in `executors`;
where only several sagas do, in `several`.
"""

from harness.situations.base import Situation
from harness.situations.needs import undoes
from harness.situations.table import SITUATIONS, required_situations, seen_situations, situations_of

__all__ = ["SITUATIONS", "Situation", "required_situations", "seen_situations", "situations_of", "undoes"]
