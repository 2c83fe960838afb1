"""The situation that several sagas of one run bring about."""

from __future__ import annotations

from harness.history import Call, ExecutorEnded
from harness.situations.base import Situation
from harness.situations.needs import overlaps
from harness.views import SagaView, View


def _overlap(view: View, saga: SagaView) -> bool:
    """Another saga was at a resource of this one after its first call, and before it ended."""
    calls = saga.calls
    if not calls:
        return False
    ends = (index for index, one in view.history.of(ExecutorEnded) if one.saga_id == saga.saga_id)
    since, until = calls[0].index, max(ends, default=len(view.history.events))
    own = {_resource(call) for call in calls}
    others = (call for other in view.sagas if other is not saga for call in other.calls)
    return any(since < call.index < until and _resource(call) in own for call in others)


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
