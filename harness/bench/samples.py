"""What is counted of each saga of a benchmark: how it ended, and how its compensation went.

Every saga is a sample, whatever became of it: one that is left out would make the rest look better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.compensation import Compensation, compensations
from harness.history import History
from harness.saga import SagaStart

UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One saga. ended: its outcome, or `unfinished`.

    compensation: None unless it ended `compensated` and had undone something. response_s: from when it was
    to start until it said its outcome, so that a queue before it counts, too.
    """

    saga_id: str
    ended: str
    response_s: float | None
    compensation: Compensation | None


def samples_of(history: History, sagas: Sequence[SagaStart]) -> tuple[Sample, ...]:
    """In the order of the starts."""
    went = {one.saga_id: one for one in compensations(history)}
    return tuple(_sample(history, one, went.get(one.id)) for one in sagas)


def _sample(history: History, start: SagaStart, went: Compensation | None) -> Sample:
    told = [end for end in history.ends(start.id) if end.status is not None and end.problem is None]
    last = told[-1] if told else None
    return Sample(
        saga_id=start.id,
        ended=UNFINISHED if last is None or last.status is None else str(last.status),
        response_s=None if last is None else max(0.0, last.t_s - start.at_s),
        compensation=went,
    )
