"""The numbers behind the figures, as tables: one line for each saga that compensated.

Owns how a history is cut into phases, and how a large table is sampled. Refuses to draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.history import Call, FaultFired, History
from harness.history.calls import Answer
from harness.saga import Direction, Status

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 500
MOST_DOTS = 150
"""Of one row: each is an element of its own in an SVG."""

PHASES = ("noticed_s", "decided_s", "undone_s", "told_s")
PHASE_WORDS = {
    "noticed_s": "fault to noticed",
    "decided_s": "noticed to first undo",
    "undone_s": "first undo to last undo acknowledged",
    "told_s": "last undo to outcome",
}
COLUMNS = ("scenario", "saga_id", "failed_step", "fault", "latency_s", *PHASES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """One saga that undid something and said `compensated`. Seconds.

    latency_s: as `harness.latency` has it, from noticed to told. noticed_s: from the fault that struck the
    failed action until its sender knew; 0 where no fault struck it. The four phases follow each other.
    """

    scenario: str
    saga_id: str
    failed_step: str
    fault: str
    latency_s: float
    noticed_s: float
    decided_s: float
    undone_s: float
    told_s: float


def compensations(scenario: str, history: History) -> tuple[Compensation, ...]:
    """Those of one run; sagas that undid nothing or ended otherwise are none."""
    found = (_of(scenario, saga_id, history) for saga_id in history.began.saga_ids)
    return tuple(one for one in found if one is not None)


def table(given: Iterable[Compensation]) -> pd.DataFrame:
    """COLUMNS, a line each."""
    import pandas as pd  # noqa: PLC0415 - see the package's docstring

    lines = [tuple(getattr(one, name) for name in COLUMNS) for one in given]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def sampled(values: Sequence[float], most: int = MOST_POINTS) -> list[float]:
    """In order, at most so many: evenly over the ranks, with the least and the greatest."""
    ordered = sorted(values)
    if len(ordered) <= most:
        return ordered
    last = len(ordered) - 1
    return [ordered[round(place * last / (most - 1))] for place in range(most)]


def _of(scenario: str, saga_id: str, history: History) -> Compensation | None:
    calls = [call for call in history.calls if call.saga_id == saga_id]
    undos = [call for call in calls if call.sent.direction is Direction.COMPENSATION]
    done = [end.t_s for end in history.ends(saga_id) if end.status == Status.COMPENSATED]
    if not undos or not done:
        return None
    first_s = undos[0].sent.t_s
    actions = [
        call
        for call in calls
        if call.sent.direction is Direction.ACTION and call.end_s is not None and call.end_s <= first_s
    ]
    known_s = max((call.end_s for call in actions if call.end_s is not None), default=first_s)
    failed = next((call for call in reversed(actions) if call.answer is not Answer.ACKNOWLEDGED), None)
    acknowledged = [call.end_s for call in undos if call.answered is not None and call.end_s is not None]
    last_s = max(acknowledged, default=first_s)
    told_s = max(done[-1], last_s)
    return Compensation(
        scenario=scenario,
        saga_id=saga_id,
        failed_step=", ".join(failed.sent.steps) if failed is not None else "none failed",
        fault=_fault(failed),
        latency_s=max(0.0, done[-1] - known_s),
        noticed_s=max(0.0, known_s - _struck_s(failed, history, known_s)),
        decided_s=max(0.0, first_s - known_s),
        undone_s=max(0.0, last_s - first_s),
        told_s=max(0.0, told_s - last_s),
    )


def _fault(failed: Call | None) -> str:
    kinds = dict.fromkeys(fault.kind for fault in failed.faults) if failed is not None else {}
    return ", ".join(kinds) or "none"


def _struck_s(failed: Call | None, history: History, known_s: float) -> float:
    if failed is None:
        return known_s
    times = [event.t_s for _, event in history.of(FaultFired) if event.call == failed.sent.call]
    return min(times, default=known_s)
