"""One run in real time: faults, settling, and the executors that live through both.

Owns the phases of RULES §3 and their limits. The end of the faults comes from the servers' loop,
because a saga may hold the main thread. Refuses to judge, and to know how a saga is run (`executors`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from harness.adapter.subprocess import SubprocessSaga
from harness.clock.real import monotonic_s, sleep_s
from harness.history import History, Phase, PhaseBegan, Recorder, RunBegan
from harness.lifecycle import RecordEnd
from harness.saga import SagaStart
from harness.scenario import Scenario
from harness.worlds.bounds import RESUME_AFTER_S
from harness.worlds.wire.background import Background
from harness.worlds.wire.executors import Executors, Stage, executors_for
from harness.worlds.wire.executors.kept_loops import KeptLoops
from harness.worlds.wire.executors.kept_services import KeptServices
from harness.worlds.wire.executors.side_by_side import SideBySide
from harness.worlds.wire.executors.side_by_side_processes import SideBySideProcesses
from harness.worlds.wire.participant_server import ParticipantServer
from harness.worlds.wire.traffic import Traffic
from harness.worlds.wire.wire_plan import WirePlan

QUIET_POLL_S = 0.002
SLACK_S = 0.1
"""Above the limit at which the faults end, for the loop that ends them."""


class WireRun:
    """One run. `urls` are the participants' proxies in an endpoint set.

    folders: makes a folder each time; they are gone after the run.
    """

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the world
        self,
        *,
        scenario: Scenario,
        sagas: Sequence[SagaStart],
        plan: WirePlan,
        services: KeptServices,
        loops: KeptLoops,
        traffic: Traffic,
        recorder: Recorder,
        participant_servers: Callable[[], Iterable[ParticipantServer]],
        background: Background,
        urls: Callable[[int], Mapping[str, str]],
        folders: Callable[[], Path],
    ) -> None:
        self._sagas = tuple(sagas)
        self._traffic = traffic
        self._recorder = recorder
        self._participant_servers = participant_servers
        self._background = background
        self._began_s = monotonic_s()
        self._settled_s: float | None = None
        self._settled: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        stages = [
            Stage(
                scenario=scenario,
                input_=one.input,
                saga_id=one.id,
                traffic=traffic,
                recorder=recorder,
                urls=urls,
                folder=cache(folders),
                deadline_s=self._deadline_s,
                kills=plan.kills,
                services=services,
                loops=loops,
            )
            for one in sagas
        ]
        self._stage = stages[0]
        self._executors: Executors
        if self._alone:
            self._executors = executors_for(scenario.saga, self._stage, processes=plan.processes)
        else:
            # Commands take turns only where each has addresses of its own: nobody sees their calls leave.
            apart = plan.strikes or (traffic.door is not None and isinstance(scenario.saga, SubprocessSaga))
            make = SideBySideProcesses if apart else SideBySide
            self._executors = make(scenario.saga, stages, [one.at_s for one in sagas])

    def execute(self, prepare: Callable[[], object], visible: Callable[[], bool]) -> History:
        """Run the saga to its end. `prepare` comes before its first executor.

        `visible` tells afterwards whether all attempts could be seen.
        """
        self._begin()
        try:
            prepare()
            self._executors.run()
            self._background.call(self._settle())
            while self._may_resume() and self._executors.call_again():
                pass
            self._let_quiet_down()
        finally:
            self._end()
        self._compare_with_own_services()
        with self._traffic.lock:
            self._traffic.injector.over()
        self._phase(Phase.JUDGING)
        return self._history(visible=visible())

    @property
    def _alone(self) -> bool:
        return not self._sagas[1:] and not self._sagas[0].at_s

    # Phases -----------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._record(
            RunBegan(
                t_s=self._recorder.now_s(),
                scenario=self._stage.scenario.name,
                world="wire",
                saga_ids=tuple(one.id for one in self._sagas),
                input=self._sagas[0].input,
                sagas=msgspec.UNSET if self._alone else self._sagas,
            )
        )
        self._phase(Phase.FAULTS)
        self._traffic.signals.when_over(self._executors.interrupt)
        self._background.loop.call_soon_threadsafe(self._start_timer)

    def _start_timer(self) -> None:
        patience_s = self._stage.scenario.faults_end_s("wire")
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
            self._traffic.calls.heal()
            if self._traffic.door is not None:
                self._traffic.door.heal()
            if self._traffic.bus is not None:
                self._traffic.bus.settle()
        self._settled_s = monotonic_s()
        await asyncio.gather(
            *(participant_server.settle() for participant_server in self._participant_servers())
        )

    def _deadline_s(self) -> float:
        """When the saga's time is up."""
        settled_s = self._settled_s
        if settled_s is None:
            settled_s = self._began_s + self._stage.scenario.faults_end_s("wire") + SLACK_S
        return settled_s + self._stage.scenario.limit_s("wire")

    def _may_resume(self) -> bool:
        return self._traffic.signals.over is None and monotonic_s() + RESUME_AFTER_S < self._deadline_s()

    def _let_quiet_down(self) -> None:
        """What outlived the return runs on, until nobody works for the saga any more."""
        self._executors.run_on(self._deadline_s())
        while self._traffic.calls.under_way and self._stage.in_time() and self._traffic.signals.over is None:
            sleep_s(QUIET_POLL_S)

    def _end(self) -> None:
        try:
            left = self._executors.left()
        finally:
            if self._traffic.bus is not None:
                self._traffic.bus.close()
            self._traffic.calls.close()
            self._executors.close()
        if left and self._traffic.signals.fault is None:
            problem = f"the saga left behind: {', '.join(left)}"
            last = self._executors.last_word
            told = msgspec.structs.replace(last, problem=problem)  # it said its word all the same
            self._stage.ended(
                RecordEnd(executor=self._traffic.executors.latest, returned=told, timed_out=True)
            )

    def _compare_with_own_services(self) -> None:
        traffic = self._traffic
        if traffic.own is not None and traffic.signals.fault is None:
            with traffic.lock:
                for one in self._sagas:
                    traffic.own.compare(self._stage.scenario, traffic.injector, one.id)

    # Recording --------------------------------------------------------------------------------

    def _phase(self, phase: Phase) -> None:
        self._record(PhaseBegan(t_s=self._recorder.now_s(), phase=phase))

    def _record(self, event: RunBegan | PhaseBegan) -> None:
        with self._traffic.lock:
            self._recorder.add(event)

    def _history(self, *, visible: bool) -> History:
        """Whether all attempts were visible is known only now."""
        first, *rest = self._recorder.events
        told = (msgspec.structs.replace(first, visible_attempts=visible), *rest)
        return self._recorder.history().with_events(told)
