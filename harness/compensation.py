"""How the compensation of one saga went: its phases, and where its time went.

Owns these definitions, so that campaign, benchmark and reports measure the same thing. Refuses to add
up several sagas (`harness.latency`) and to draw (`reports.figures`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.history import Call, ExecutorEnded, History
from harness.history.calls import Answer
from harness.saga import Direction, Status

PHASES = ("noticed_s", "decided_s", "undone_s", "told_s")
"""They follow each other: fault struck, noticed, first undo sent, last undo acknowledged, settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds within the latency in which nothing of the saga was in flight, by what came before them.

    retry_s: after an attempt that failed (back-off). polling_s: after a 202 or a query. pace_s: after an
    acknowledged call. shortest_pace_s: the shortest single one of those; None where there is none.
    """

    retry_s: float = 0.0
    polling_s: float = 0.0
    pace_s: float = 0.0
    shortest_pace_s: float | None = None

    @property
    def total_s(self) -> float:
        """All of them."""
        return self.retry_s + self.polling_s + self.pace_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """One saga that undid something and said `compensated`. Seconds.

    latency_s: from knowing that it must abort to saying `compensated`. It begins where the last action
    before the first undo ended, so that a saga that polls for failures does not hide the wait.
    noticed_s: from when the first fault struck the failed step until its sender gave it up; 0 where no
    fault struck it. in_calls_s: of latency_s, with a call in flight: the critical path through the network.
    """

    saga_id: str
    failed_step: str
    fault: str
    latency_s: float
    noticed_s: float
    decided_s: float
    undone_s: float
    told_s: float
    in_calls_s: float = 0.0
    waits: Waits = Waits()


def compensation_seconds(history: History) -> tuple[float, ...]:
    """The latency of each saga that ended `compensated` and sent an undo."""
    found = (_begun(saga_id, history) for saga_id in history.began.saga_ids)
    return tuple(max(0.0, one.done_s - one.known_s) for one in found if one is not None)


def compensations(history: History) -> tuple[Compensation, ...]:
    """Those of one run; sagas that undid nothing or ended otherwise are none."""
    found = (_begun(saga_id, history) for saga_id in history.began.saga_ids)
    return tuple(_compensation(one, history) for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class _Begun:
    saga_id: str
    calls: Sequence[Call]
    undos: Sequence[Call]
    actions: Sequence[Call]
    known_s: float
    done_s: float


def _begun(saga_id: str, history: History) -> _Begun | None:
    calls = [call for call in history.calls if call.saga_id == saga_id]
    undos = [call for call in calls if call.sent.direction is Direction.COMPENSATION]
    done = [end.t_s for end in history.ends(saga_id) if _compensated(end)]
    if not undos or not done:
        return None
    first_s = undos[0].sent.t_s
    actions = [
        call
        for call in calls
        if call.sent.direction is Direction.ACTION and call.end_s is not None and call.end_s <= first_s
    ]
    known_s = max((call.end_s for call in actions if call.end_s is not None), default=first_s)
    return _Begun(saga_id, calls, undos, actions, known_s, done[-1])


def _compensated(end: ExecutorEnded) -> bool:
    return end.status == Status.COMPENSATED


def _compensation(begun: _Begun, history: History) -> Compensation:
    failed = next((call for call in reversed(begun.actions) if call.answer is not Answer.ACKNOWLEDGED), None)
    first_s = begun.undos[0].sent.t_s
    acknowledged = [
        call.end_s for call in begun.undos if call.answered is not None and call.end_s is not None
    ]
    last_s = max(acknowledged, default=first_s)
    in_calls_s, waits = _where_time_went(begun)
    return Compensation(
        saga_id=begun.saga_id,
        failed_step=", ".join(failed.sent.steps) if failed is not None else "none failed",
        fault=_fault(failed),
        latency_s=max(0.0, begun.done_s - begun.known_s),
        noticed_s=max(0.0, begun.known_s - _struck_s(failed, begun, history)),
        decided_s=max(0.0, first_s - begun.known_s),
        undone_s=max(0.0, last_s - first_s),
        told_s=max(0.0, max(begun.done_s, last_s) - last_s),
        in_calls_s=in_calls_s,
        waits=waits,
    )


def _fault(failed: Call | None) -> str:
    kinds = dict.fromkeys(fault.kind for fault in failed.faults) if failed is not None else {}
    return ", ".join(kinds) or "none"


def _struck_s(failed: Call | None, begun: _Begun, history: History) -> float:
    """When the first attempt of the failed step that a fault struck reached its participant.

    When it was sent, where it never arrived. That the fault fired is often known only later.
    """
    if failed is None:
        return begun.known_s
    attempts = (one for one in begun.actions if one.sent.steps == failed.sent.steps and one.faults)
    first = next(attempts, None)
    if first is None:
        return begun.known_s
    return history.events[first.deliveries[0]].t_s if first.deliveries else first.sent.t_s


# Where the time went ---------------------------------------------------------------------------


def _where_time_went(begun: _Begun) -> tuple[float, Waits]:
    """Of the time from knowing to having told: in calls, and waiting."""
    idle = list(_idle(begun))
    by_cause = {name: [seconds for seconds, cause in idle if cause == name] for name in _CAUSES}
    waits = Waits(
        retry_s=sum(by_cause[_RETRY]),
        polling_s=sum(by_cause[_POLLING]),
        pace_s=sum(by_cause[_PACE]),
        shortest_pace_s=min(by_cause[_PACE], default=None),
    )
    return max(0.0, begun.done_s - begun.known_s - waits.total_s), waits


_RETRY, _POLLING, _PACE = _CAUSES = ("retry", "polling", "pace")


def _idle(begun: _Begun) -> Iterator[tuple[float, str]]:
    """(seconds, after what) of each pause between two calls; that before the outcome is one, too."""
    later = sorted(
        (call for call in begun.calls if call.sent.t_s >= begun.known_s and call.sent.t_s < begun.done_s),
        key=lambda call: call.sent.t_s,
    )
    last = max(begun.actions, key=lambda call: call.end_s or 0.0, default=None)
    cause, free_s = _PACE if last is None else _cause(last, failed_is_pace=True), begun.known_s
    for call in later:
        if call.sent.t_s > free_s:
            yield call.sent.t_s - free_s, cause
        end_s = begun.done_s if call.end_s is None else min(call.end_s, begun.done_s)
        if end_s >= free_s:
            free_s, cause = end_s, _cause(call)
    if begun.done_s > free_s:
        yield begun.done_s - free_s, cause


def _cause(call: Call, *, failed_is_pace: bool = False) -> str:
    """failed_is_pace: the action that made it abort is not tried again."""
    if call.query or call.answer is Answer.ACCEPTED:
        return _POLLING
    return _PACE if failed_is_pace or call.answer is Answer.ACKNOWLEDGED else _RETRY
