"""The situations that process faults bring about: what struck a process, and who went on."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import Call, CallSent, ExecutorBegan, ExecutorEnded, ExecutorStruck, ExecutorWoken
from harness.participant import Change
from harness.process_faults import ProcessFault
from harness.saga import Direction
from harness.situations import needs
from harness.situations.base import Situation
from harness.views import SagaView, View


def _struck(
    view: View, saga: SagaView, *process_faults: ProcessFault
) -> Iterator[tuple[int, ExecutorStruck]]:
    for index, event in enumerate(view.history.events):
        if (
            isinstance(event, ExecutorStruck)
            and event.saga_id == saga.saga_id
            and event.process_fault in process_faults
        ):
            yield index, event


def _deaths(view: View, saga: SagaView) -> Iterator[tuple[int, ExecutorStruck]]:
    """Those after which another executor went on."""
    for index, event in _struck(
        view, saga, *(process_fault for process_fault in ProcessFault if process_fault.kills)
    ):
        if any(later > index for later, _ in _begun(view, saga)):
            yield index, event


def _begun(view: View, saga: SagaView) -> Iterator[tuple[int, ExecutorBegan]]:
    for index, event in enumerate(view.history.events):
        if isinstance(event, ExecutorBegan) and event.saga_id == saga.saga_id:
            yield index, event


def _crash(view: View, saga: SagaView) -> bool:
    return any(True for _ in _deaths(view, saga))


def _crash_during_compensation(view: View, saga: SagaView) -> bool:
    undos = [call.index for call in saga.calls if call.sent.direction is Direction.COMPENSATION]
    return bool(undos) and any(index > undos[0] for index, _ in _deaths(view, saga))


def _crash_in_recovery(view: View, saga: SagaView) -> bool:
    resumed = {event.executor for _, event in _begun(view, saga) if event.resumed}
    return any(event.executor in resumed for _, event in _deaths(view, saga))


def _crash_after_pivot(view: View, saga: SagaView) -> bool:
    pivot = saga.spec.pivot
    if pivot is None:
        return False
    sent = saga.attempts(pivot.name, Direction.ACTION)
    applied = [index for call in sent for index in _applied(call)]
    return bool(applied) and any(index > applied[0] for index, _ in _deaths(view, saga))


def _applied(call: Call) -> Iterator[int]:
    whole = (Change.CREATED, Change.COMPLETED)
    return (index for index, effect in call.effects if effect.change in whole)


def _two_executors(view: View, saga: SagaView) -> bool:
    """A frozen executor is alive: it wakes."""
    alive: set[int] = set()
    for event in view.history.events:
        if getattr(event, "saga_id", None) != saga.saga_id:
            continue
        if isinstance(event, ExecutorEnded) or (
            isinstance(event, ExecutorStruck) and event.process_fault.kills
        ):
            alive.discard(event.executor)
        elif isinstance(event, ExecutorBegan):
            alive.add(event.executor)
            if len(alive) > 1:
                return True
    return False


def _late_wake(view: View, saga: SagaView) -> bool:
    woken: set[int] = set()
    for event in view.history.events:
        if isinstance(event, ExecutorWoken) and event.saga_id == saga.saga_id:
            woken.add(event.executor)
        elif isinstance(event, CallSent) and event.executor in woken:
            return True
    return False


def _started_twice(view: View, saga: SagaView) -> bool:
    starts = [index for index, event in _begun(view, saga) if not event.resumed]
    return any(index < starts[-1] for index, _ in _struck(view, saga, ProcessFault.START_AGAIN))


def _cancelled(view: View, saga: SagaView) -> bool:
    return any(True for _ in _struck(view, saga, ProcessFault.CANCEL))


def _moved(view: View, saga: SagaView) -> bool:
    return any(event.resumed and event.node > 1 for _, event in _begun(view, saga))


EXECUTORS = (
    Situation(
        id="crash",
        says="a process died, and another executor went on",
        reach="crash at any call (claims must hold process_death)",
        seen=_crash,
        required=needs.dies,
    ),
    Situation(
        id="crash_during_compensation",
        says="a process died once it had begun to undo, and another executor went on",
        reach="reject a step that can fail, and crash at an undo (claims must hold process_death)",
        seen=_crash_during_compensation,
        required=needs.dies_on_the_way_back,
    ),
    Situation(
        id="crash_in_recovery",
        says="an executor that had been resumed died too",
        reach="crash twice in a row, or search two faults deep (--depth 2, claims must hold process_death)",
        seen=_crash_in_recovery,
        required=needs.never,
    ),
    Situation(
        id="crash_after_pivot",
        says="a process died after the pivot took effect, and another executor went on",
        reach="crash at the pivot once it was applied (claims must hold process_death)",
        seen=_crash_after_pivot,
        required=needs.never,
    ),
    Situation(
        id="two_executors",
        says="two executors of one saga were alive at once",
        reach="race or pause at a step (claims must hold retry_elsewhere)",
        seen=_two_executors,
        required=needs.meets_another,
    ),
    Situation(
        id="late_wake",
        says="a frozen executor woke after another had taken over, and sent something",
        reach="pause at a step that is not the last one (claims must hold retry_elsewhere)",
        seen=_late_wake,
        required=needs.never,
    ),
    Situation(
        id="started_twice",
        says="the same saga was started once more",
        reach="start_twice at any call (claims must hold duplicate_start)",
        seen=_started_twice,
        required=needs.is_started_again,
    ),
    Situation(
        id="cancelled",
        says="the caller cancelled in the middle of a call",
        reach="cancel at any step (claims must hold cancel)",
        seen=_cancelled,
        required=needs.is_cancelled,
    ),
    Situation(
        id="moved",
        says="a saga was resumed on another node",
        reach="move at any step (claims must hold other_node)",
        seen=_moved,
        required=needs.moves,
    ),
)
