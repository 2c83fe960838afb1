"""One run in virtual time: faults, settling, and the executors that live through both."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx

from harness.adapter import CallableSaga, Returned, SagaContext, read_outcome
from harness.adapter.outcome import read_failure
from harness.clock import DeadLock, Scheduler, VirtualLoop, never
from harness.faults import KINDS
from harness.faults.door import Door
from harness.faults.engine import FaultEngine
from harness.faults.passage import Passage
from harness.history import ExecutorBegan, ExecutorEnded, History, Phase, PhaseBegan, Recorder, RunBegan
from harness.plan import FaultPlan
from harness.plan.treatment import Symptom
from harness.saga import Json, Status
from harness.scenario import Scenario
from harness.worlds.sim.exchange import UP_S, Exchange, deliver_held
from harness.worlds.sim.transports import Network, executor

MOST_CALLS = 10_000
RESUME_AFTER_S = 0.1


class RunOver(BaseException):
    """Ends a saga that has not ended by itself; not an Exception, so that sagas let it through."""


class SimRun:
    """One run. `make_client` gives the httpx client of the context, `make_store` its folder."""

    def __init__(
        self,
        *,
        scheduler: Scheduler,
        scenario: Scenario,
        input_: Json,
        plan: FaultPlan,
        saga_id: str,
        make_client: Callable[[bool], httpx.AsyncClient | httpx.Client],
        make_store: Callable[[], Path],
    ) -> None:
        self.scheduler = scheduler
        self.scenario = scenario
        self.input = input_
        self.saga_id = saga_id
        assert isinstance(scenario.saga, CallableSaga), "the world lets no other in"
        self.saga = scenario.saga
        self._make_client = make_client
        self._make_store = functools.cache(
            make_store
        )  # one folder a run: what an executor kept, the next finds
        began_s = scheduler.now_s
        self.recorder = Recorder(lambda: round(scheduler.now_s - began_s, 9))
        participants = {prototype.name: prototype.fresh() for prototype in scenario.participants}
        self.door = Door(
            spec=scenario.spec,
            participants=participants,
            engine=FaultEngine(plan, KINDS, scenario.spared),
            recorder=self.recorder,
            saga_ids=(saga_id,),
        )
        self.urls = {name: f"http://{name}.sim" for name in participants}
        hosts = {f"{name}.sim": name for name in participants}
        self.network = Network(self.door, hosts, self._start, self._exchange)
        self._sent: list[Exchange] = []
        self._loops: list[VirtualLoop] = []
        self._executors = 0
        self._settled = False
        self._over: str | None = None

    # Phases -----------------------------------------------------------------------------------

    def execute(self) -> History:
        """Run the saga through faults and settling, and return what happened."""
        self._begin()
        returned = self._executor_to_its_end(resumed=False)
        self._settle()
        while returned.status is Status.RUNNING and returned.problem is None and self._over is None:
            self._guarded(lambda: self._pass(RESUME_AFTER_S))
            returned = self._executor_to_its_end(resumed=True)
        self._let_quiet_down()
        self._phase(Phase.JUDGING)
        return self.recorder.history()

    def _begin(self) -> None:
        self.recorder.add(
            RunBegan(
                t_s=self.recorder.now_s(),
                scenario=self.scenario.name,
                world="sim",
                saga_ids=(self.saga_id,),
                input=self.input,
            )
        )
        self._phase(Phase.FAULTS)
        self.scheduler.call_later(self.scenario.faults_end_s("sim"), self._settle)

    def _phase(self, phase: Phase) -> None:
        self.recorder.add(PhaseBegan(t_s=self.recorder.now_s(), phase=phase))

    def _settle(self) -> None:
        """Heal every fault, deliver what is held, break off what waits in vain. Once."""
        if self._settled:
            return
        self._settled = True
        self._phase(Phase.SETTLING)
        for passage in self.door.heal():
            self.scheduler.call_later(UP_S, partial(deliver_held, self.door, passage))
        for exchange in [one for one in self._sent if one.silent]:
            exchange.fail(Symptom.RESET, broken_off=True)
        self.scheduler.call_later(self.scenario.limit_s("sim"), self._time_up)

    def _time_up(self) -> None:
        limit_s = self.scenario.limit_s("sim")
        self._end(f"no outcome within {limit_s:g} s after everything had healed")

    def _end(self, why: str) -> None:
        self._over = self._over or why
        raise RunOver(why)

    def _let_quiet_down(self) -> None:
        """Tasks that outlive the return run on, and what is under way lands."""
        if self._over is None:
            self._guarded(self._loops_run_on)

    def _loops_run_on(self) -> None:
        for loop in self._loops:
            while tasks := loop.unfinished():
                loop.drive(tasks[0])
        self._pass(2 * UP_S)

    def _pass(self, delay_s: float) -> None:
        self.scheduler.run_due(self.scheduler.now_s + delay_s, never)

    # Executors --------------------------------------------------------------------------------

    def _executor_to_its_end(self, *, resumed: bool) -> Returned:
        self._executors += 1
        number = self._executors
        self.recorder.add(
            ExecutorBegan(t_s=self.recorder.now_s(), executor=number, saga_id=self.saga_id, resumed=resumed)
        )
        returned = self._call(number)
        self.recorder.add(
            ExecutorEnded(
                t_s=self.recorder.now_s(),
                executor=number,
                saga_id=self.saga_id,
                status=returned.status,
                detail=returned.detail,
                problem=returned.problem,
                timed_out=self._over is not None,
            )
        )
        return returned

    def _call(self, number: int) -> Returned:
        context = SagaContext(
            saga_id=self.saga_id,
            urls=self.urls,
            client=self._make_client(self.saga.asynchronous),
            make_store=self._make_store,
        )
        if self.saga.asynchronous:
            return self._guarded(lambda: self._drive(context, number))
        space = contextvars.copy_context()
        space.run(executor.set, number)
        return self._guarded(lambda: read_outcome(space.run(self.saga.function, context, self.input)))

    def _drive(self, context: SagaContext, number: int) -> Returned:
        loop = VirtualLoop(self.scheduler)
        self._loops.append(loop)
        space = contextvars.copy_context()
        space.run(executor.set, number)
        task = loop.create_task(self.saga.function(context, self.input), context=space)
        loop.drive(task)
        return read_outcome(task.result())

    def _guarded(self, step: Callable[[], Returned | None]) -> Returned:
        """Whatever a saga raises is what it came to; what ends a run is not the saga's."""
        try:
            returned = step()
        except RunOver as over:
            return Returned(problem=str(over))
        except DeadLock as lock:
            return Returned(problem=str(lock))
        except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001 - a finding
            return self._unless_over(read_failure(error))
        return self._unless_over(returned or Returned())

    def _unless_over(self, returned: Returned) -> Returned:
        """A saga that swallowed its end has ended all the same."""
        return returned if self._over is None else Returned(problem=self._over)

    # Calls ------------------------------------------------------------------------------------

    def _exchange(self, passage: Passage, read_timeout_s: float | None) -> Exchange:
        return Exchange(self.scheduler, self.door, passage, read_timeout_s)

    def _start(self, exchange: Exchange) -> None:
        if self._over is not None:
            raise RunOver(self._over)
        if self.door.calls > MOST_CALLS:
            self._end(f"the run made more than {MOST_CALLS} calls")
        self._sent.append(exchange)
        exchange.start()
