"""What the history says of executors: the events that the commands of the lifecycle stand for.

Owns that both worlds write the same. A process fault is not recorded here: the participants' side
knows what it was due at (`harness.faults.injector`).
"""

from __future__ import annotations

from harness.adapter.redaction import redacted
from harness.history import ExecutorBegan, ExecutorEnded, ExecutorWoken, Recorder
from harness.lifecycle.commands import RecordEnd, RecordWake, Start


class ExecutorRecords:
    """Of the saga of one run."""

    def __init__(self, recorder: Recorder, saga_id: str) -> None:
        self._recorder = recorder
        self._saga_id = saga_id

    def started(self, command: Start) -> None:
        self._recorder.add(
            ExecutorBegan(
                t_s=self._recorder.now_s(),
                executor=command.executor,
                saga_id=self._saga_id,
                resumed=command.resumed,
                node=command.node,
            )
        )

    def ended(self, command: RecordEnd) -> None:
        returned = redacted(command.returned)
        self._recorder.add(
            ExecutorEnded(
                t_s=self._recorder.now_s(),
                executor=command.executor,
                saga_id=self._saga_id,
                status=returned.status,
                detail=returned.detail,
                problem=returned.problem,
                timed_out=command.timed_out,
                cancelled=command.cancelled,
            )
        )

    def woken(self, command: RecordWake) -> None:
        self._recorder.add(
            ExecutorWoken(t_s=self._recorder.now_s(), executor=command.executor, saga_id=self._saga_id)
        )
