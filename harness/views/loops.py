"""Decides while a run goes on that it may be ended early: it repeats a violation without end.

Certain is what `bounded_retries` holds against what was recorded so far, with a wide margin, and what no
later event can excuse. Refuses to end the run: the worlds do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from harness.history import EndedEarly, Recorder
from harness.participant import ResourceSpec
from harness.saga import Direction, SagaSpec
from harness.views.retries import series_of
from harness.views.view import View

FIRST_LOOK = 8
"""Calls of one step and direction by one executor after which it is looked at, and then at twice as many.

Each look folds the history; because the number doubles, all looks of a run cost about two folds at its end.
"""


_Mark = tuple[int, str, tuple[str, ...], Direction]


class LoopWatch:
    """Of one run. resources: by `participant.resource`."""

    def __init__(self, spec: SagaSpec, resources: Mapping[str, ResourceSpec], recorder: Recorder) -> None:
        self._spec = spec
        self._resources = resources
        self._recorder = recorder
        self._sent: Counter[_Mark] = Counter()
        self._look_at: dict[_Mark, int] = {}

    def sent(
        self, executor: int, saga_id: str, steps: tuple[str, ...], direction: Direction | None
    ) -> str | None:
        """A call was sent and recorded: why the run is to be ended now, which is recorded, or None."""
        if direction is None:
            return None
        mark = (executor, saga_id, steps, direction)
        self._sent[mark] += 1
        if self._sent[mark] < self._look_at.get(mark, FIRST_LOOK):
            return None
        self._look_at[mark] = 2 * self._sent[mark]
        view = View(self._recorder.history(), self._spec, self._resources)
        found = (one.certainly() for saga in view.sagas for one in series_of(saga))
        why = next((one for one in found if one is not None), None)
        if why is not None:
            self._recorder.add(EndedEarly(t_s=self._recorder.now_s(), why=why))
        return why
