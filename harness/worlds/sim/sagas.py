"""The sagas of one run in virtual time: each has a lifecycle, records and stores of its own.

Refuses to start or to end them (`supervisor`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from harness.history import Recorder
from harness.lifecycle import Lifecycle
from harness.lifecycle.recording import ExecutorRecords
from harness.saga import Json, SagaStart
from harness.worlds.bounds import MOST_RECALLS, RESUME_AFTER_S
from harness.worlds.sim.store import Store


@dataclass(eq=False, slots=True, kw_only=True)
class RunningSaga:
    """One saga of a run. stores: by the number that its lifecycle gave them."""

    start: SagaStart
    lifecycle: Lifecycle
    records: ExecutorRecords
    stores: dict[int, Store] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Unique in the run."""
        return self.start.id

    @property
    def input(self) -> Json:
        """What each of its executors is called with."""
        return self.start.input


def sagas_of(starts: Sequence[SagaStart], recorder: Recorder) -> tuple[RunningSaga, ...]:
    """In the order of the starts. Their executors are numbered together, as they start."""
    numbers = count(1)
    return tuple(
        RunningSaga(
            start=one,
            lifecycle=Lifecycle(resume_after_s=RESUME_AFTER_S, most_recalls=MOST_RECALLS, numbers=numbers),
            records=ExecutorRecords(recorder, one.id),
        )
        for one in starts
    )
