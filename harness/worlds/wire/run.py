"""One run in real time: faults, settling, and the executors that live through both.

Owns the phases of RULES §3 and their limits. The end of the faults comes from the servers' loop,
because a plain function holds the main thread. Refuses to judge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import msgspec

from harness.adapter import CallableSaga, Returned, SagaContext
from harness.clock.errors import SagaHung
from harness.clock.real import monotonic_s, sleep_s
from harness.history import ExecutorBegan, ExecutorEnded, History, Phase, PhaseBegan, Recorder, RunBegan
from harness.saga import Json, Status
from harness.scenario import Scenario
from harness.worlds.wire.background import Background
from harness.worlds.wire.executors import Executors, TimedOut, executors_for
from harness.worlds.wire.leftovers import Threads
from harness.worlds.wire.station import Station
from harness.worlds.wire.traffic import RunOver, Traffic

RESUME_AFTER_S = 0.1
QUIET_POLL_S = 0.002
SLACK_S = 0.1
"""Above the limit at which the faults end, for the loop that ends them."""


class WireRun:
    """One run. `urls` are the participants' proxies, `make_store` the context's folder."""

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the world
        self,
        *,
        scenario: Scenario,
        input_: Json,
        saga_id: str,
        saga: CallableSaga,
        traffic: Traffic,
        recorder: Recorder,
        stations: Mapping[str, Station],
        background: Background,
        urls: Mapping[str, str],
        make_store: Callable[[], Path],
    ) -> None:
        self._scenario = scenario
        self._input = input_
        self._saga_id = saga_id
        self._traffic = traffic
        self._recorder = recorder
        self._stations = stations
        self._background = background
        self._urls = urls
        self._make_store = make_store
        self._began_s = monotonic_s()
        self._settled_s: float | None = None
        self._settled: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._executors: Executors = executors_for(saga, lambda: (traffic.number, traffic.executor))
        self._threads = Threads()

    def execute(self, visible: Callable[[], bool]) -> History:
        """Run the saga to its end. `visible` tells afterwards whether all attempts could be seen."""
        self._begin()
        try:
            returned = self._call(resumed=False)
            self._background.call(self._settle())
            while returned.status is Status.RUNNING and self._may_resume():
                sleep_s(RESUME_AFTER_S)
                returned = self._call(resumed=True)
            self._let_quiet_down(returned)
        finally:
            self._end()
        self._phase(Phase.JUDGING)
        return self._history(visible=visible())

    # Phases -----------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._record(
            RunBegan(
                t_s=self._recorder.now_s(),
                scenario=self._scenario.name,
                world="wire",
                saga_ids=(self._saga_id,),
                input=self._input,
            )
        )
        self._phase(Phase.FAULTS)
        self._traffic.on_over = self._executors.interrupt
        self._background.loop.call_soon_threadsafe(self._start_timer)

    def _start_timer(self) -> None:
        patience_s = self._scenario.faults_end_s("wire")
        self._timer = self._background.loop.call_later(patience_s, self._settle_in_background)

    def _settle_in_background(self) -> None:
        self._settled = self._settled or self._background.loop.create_task(self._heal())

    async def _settle(self) -> None:
        """Once, whoever comes first: the end of the executor, or that of patience."""
        self._settle_in_background()
        assert self._settled is not None
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.shield(self._settled)

    async def _heal(self) -> None:
        with self._traffic.lock:
            self._phase(Phase.SETTLING)
            self._traffic.heal()
        self._settled_s = monotonic_s()
        await asyncio.gather(*(station.settle() for station in self._stations.values()))

    def _deadline_s(self) -> float:
        """When the saga's time is up."""
        settled_s = self._settled_s
        if settled_s is None:
            settled_s = self._began_s + self._scenario.faults_end_s("wire") + SLACK_S
        return settled_s + self._scenario.limit_s("wire")

    def _may_resume(self) -> bool:
        return self._traffic.over is None and monotonic_s() + RESUME_AFTER_S < self._deadline_s()

    def _in_time(self) -> bool:
        return monotonic_s() < self._deadline_s()

    def _let_quiet_down(self, returned: Returned) -> None:
        """What outlived the return runs on, until nobody works for the saga any more."""
        if returned.problem is None or self._in_time():
            self._executors.run_on(self._deadline_s())
        while (self._threads.left() or self._traffic.open) and self._in_time() and self._traffic.over is None:
            sleep_s(QUIET_POLL_S)

    def _end(self) -> None:
        left = self._threads.left()
        self._traffic.close()
        self._executors.close()
        if left and self._traffic.fault is None:
            problem = f"the saga left threads behind: {', '.join(left)}"
            self._record(self._ended(Returned(problem=problem), timed_out=True))

    # Executors --------------------------------------------------------------------------------

    def _call(self, *, resumed: bool) -> Returned:
        self._traffic.executor += 1
        self._record(
            ExecutorBegan(
                t_s=self._recorder.now_s(),
                executor=self._traffic.executor,
                saga_id=self._saga_id,
                resumed=resumed,
            )
        )
        returned, timed_out = self._outcome()
        self._record(self._ended(returned, timed_out=timed_out))
        return returned

    def _outcome(self) -> tuple[Returned, bool]:
        limit_s = self._scenario.limit_s("wire")
        late = f"no outcome within {limit_s:g} s after everything had healed"
        try:
            returned = self._executors.call(self._context, self._input, self._deadline_s)
        except (TimedOut, SagaHung) as end:
            where = f"; it was at {end.where}" if isinstance(end, SagaHung) else ""
            return Returned(problem=late + where), True
        except RunOver as over:
            return Returned(problem=str(over)), True
        if self._traffic.over is not None:  # a saga that swallowed its end has ended all the same
            return Returned(problem=self._traffic.over), True
        if not self._in_time():
            return Returned(problem=late), True
        return returned, False

    def _context(self, client: httpx.AsyncClient | httpx.Client) -> SagaContext:
        return SagaContext(saga_id=self._saga_id, urls=self._urls, client=client, make_store=self._make_store)

    def _ended(self, returned: Returned, *, timed_out: bool) -> ExecutorEnded:
        return ExecutorEnded(
            t_s=self._recorder.now_s(),
            executor=self._traffic.executor,
            saga_id=self._saga_id,
            status=returned.status,
            detail=returned.detail,
            problem=returned.problem,
            timed_out=timed_out,
        )

    # Recording --------------------------------------------------------------------------------

    def _phase(self, phase: Phase) -> None:
        self._record(PhaseBegan(t_s=self._recorder.now_s(), phase=phase))

    def _record(self, event: RunBegan | PhaseBegan | ExecutorBegan | ExecutorEnded) -> None:
        with self._traffic.lock:
            self._recorder.add(event)

    def _history(self, *, visible: bool) -> History:
        """Whether all attempts were visible is known only now."""
        first, *rest = self._recorder.events
        return History((msgspec.structs.replace(first, visible_attempts=visible), *rest))
