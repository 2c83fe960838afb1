"""Which sagas a run starts: the check that both worlds make before anything runs.

Refuses to start them: each world does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.errors import UsageError, misplaced
from harness.saga import SagaStart


def check_starts(sagas: Sequence[SagaStart], where: str, *, before_s: float = math.inf) -> None:
    """Raise UsageError unless there is a saga, each has an id of its own, and each begins in time.

    before_s: when the faults of the run end at the latest.
    """
    if not sagas:
        raise UsageError(misplaced(f"{where}, sagas", (), "at least one SagaStart"))
    ids = [one.id for one in sagas]
    for number, one in enumerate(sagas, 1):
        here = f"{where}, saga {number}"
        if not one.id or ":" in one.id or ids.index(one.id) != number - 1:
            expected = "an id without ':' that no other saga of the run has"
            raise UsageError(misplaced(f"{here}, id", one.id, expected))
        if not 0 <= one.at_s < before_s:
            expected = "seconds from the beginning of the run, before its faults end"
            latest = "" if before_s == math.inf else f" at {before_s:g} s"
            raise UsageError(misplaced(f"{here}, at_s", one.at_s, f"{expected}{latest}"))
