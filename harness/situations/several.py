"""The situation that several sagas of one run bring about."""

from __future__ import annotations

from harness.history import Call, ExecutorBegan, ExecutorEnded
from harness.situations.base import Situation
from harness.situations.needs import overlaps
from harness.views import SagaView, View


def _overlap(view: View, saga: SagaView) -> bool:
    """Another saga was at a resource of this one after its first call, and before it ended.

    Or it had begun by then, made no call until this one had ended, and was there after that: it was kept out.
    """
    calls = saga.calls
    if not calls:
        return False
    since, until = calls[0].index, _end(view, saga)
    own = {_resource(call) for call in calls}
    for other in view.sagas:
        there = [call.index for call in other.calls if _resource(call) in own]
        if other is saga or not there:
            continue
        first = min(call.index for call in other.calls)
        waited = first > until and since < _beginning(view, other) < until
        if waited or any(since < index < until for index in there):
            return True
    return False


def _end(view: View, saga: SagaView) -> int:
    ends = (index for index, one in view.history.of(ExecutorEnded) if one.saga_id == saga.saga_id)
    return max(ends, default=len(view.history.events))


def _beginning(view: View, saga: SagaView) -> int:
    """Where its first executor began; nowhere, if none did."""
    begins = (index for index, one in view.history.of(ExecutorBegan) if one.saga_id == saga.saga_id)
    return min(begins, default=-1)


def _resource(call: Call) -> str:
    return (call.sent.operation or "").rpartition(".")[0]


SEVERAL = (
    Situation(
        id="overlap",
        says="two sagas overlapped on the same resource",
        reach="start several sagas in a run (--sagas 2), and let one be held for another",
        seen=_overlap,
        required=overlaps,
    ),
)
