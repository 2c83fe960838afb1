"""Sets up once what many runs share: virtual clocks, the respx router, a client, a watchdog."""

from __future__ import annotations

import functools
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest import mock

import httpx

from harness.adapter import CallableSaga
from harness.clock import Hang, SagaHung, Scheduler, Watchdog, guard, virtual_time
from harness.errors import UsageError, misplaced
from harness.history import ExecutorEnded, History
from harness.latency_profile import LatencyProfile
from harness.plan import FaultPlan
from harness.report_model import Proxy
from harness.saga import SagaStart
from harness.scenario import Scenario
from harness.worlds.only_world import only_world
from harness.worlds.sim import clients
from harness.worlds.sim.collector import Collector
from harness.worlds.sim.run import SimRun
from harness.worlds.sim.store import in_memory
from harness.worlds.sim.transports import AsyncSimTransport, ForeignClients, NetworkCell, SimTransport
from harness.worlds.starts import check_starts

START_S = 1000.0
"""What `time.monotonic` answers as a run begins: 0.0 would be falsy, and no real clock says it."""

HUNG_AFTER_S = 10.0
"""Real seconds without a yield after which a run is interrupted."""

HUNG_AFTER_VARIABLE = "SAGA_CHAOS_HUNG_AFTER_S"


class SimWorld:
    """Virtual time in this process. `on_stuck` is called where not even an interruption helps.

    profile: how long messages are under way; 1 ms each way by default.
    """

    name = "sim"

    def __init__(
        self,
        *,
        hung_after_s: float | None = None,
        on_stuck: Callable[[Hang], object] | None = None,
        profile: LatencyProfile | None = None,
    ) -> None:
        self._profile = profile
        self._cell = NetworkCell()
        self._watchdog = Watchdog(_hung_after_s() if hung_after_s is None else hung_after_s, on_stuck)
        self._foreign = ForeignClients(self._cell)
        self._stores = 0
        self._saga_ids: set[str] = set()
        self._used: list[Path] = []
        self._collector = Collector()
        self._tls = mock.patch(
            "httpx._transports.default.create_ssl_context",
            functools.lru_cache(maxsize=8)(httpx.create_ssl_context),
        )

    @property
    def own_hosts(self) -> bool:
        """Each virtual node has a name of its own."""
        return True

    @property
    def proxy(self) -> Proxy:
        """None: faults strike in the transport."""
        return Proxy()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(only_world("sim"))
            virtual_time.install()
            stack.enter_context(self._watchdog)
            self._foreign.start()
            stack.callback(self._foreign.stop, quiet=True)
            self._tls.start()  # a TLS context costs 16 ms, and nothing here speaks TLS
            stack.callback(self._tls.stop)
            self._collector.open()
            stack.callback(self._collector.close)
            root = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="saga-chaos-", dir=in_memory(), ignore_cleanup_errors=True)
            )
            self._stores_root = Path(root).resolve()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def run(self, scenario: Scenario, sagas: Sequence[SagaStart], plan: FaultPlan) -> History:
        """One run. Raises UsageError for a saga that needs threads, processes or sockets."""
        saga = scenario.saga
        if not isinstance(saga, CallableSaga):
            raise UsageError(
                misplaced(f"scenario {scenario.name!r}, world sim", saga.name, "a callable; use --world wire")
            )
        where = f"scenario {scenario.name!r}, world sim"
        check_starts(sagas, where, before_s=scenario.faults_end_s("sim"))
        ids = {one.id for one in sagas}
        scheduler = Scheduler(start_s=START_S)
        run: SimRun | None = None
        try:
            # A repeated run is the same run: its id has a counter behind the dot, its seed has not.
            with virtual_time.active(scheduler, seed=sagas[0].id.partition(".")[0]):
                run = SimRun(
                    scheduler=scheduler,
                    scenario=scenario,
                    sagas=sagas,
                    plan=plan,
                    make_client=self._client,
                    make_store=self._store,
                    earlier=self._saga_ids - ids if ids & self._saga_ids else self._saga_ids,
                    profile=self._profile,
                )
                return self._watched(run, scenario, ids)
        finally:
            self._cell.network = None
            scheduler.close()
            if run is not None:
                run.let_go()
            self._drop_stores()
            self._collector.after_a_run()

    def _watched(self, run: SimRun, scenario: Scenario, ids: set[str]) -> History:
        self._cell.network = run.network
        self._watchdog.begin()
        try:
            history = run.execute()
        except SagaHung as hung:
            history = _hung(run, hung)
        finally:
            self._watchdog.end()
            self._saga_ids |= ids
        _refuse_escapes(scenario)
        if run.injector.broken is not None:
            raise run.injector.broken
        return history

    def _client(self, asynchronous: bool) -> httpx.AsyncClient | httpx.Client:
        """Each executor has one of its own: what it does to it is nobody else's, and ends with the run."""
        self._watchdog.begin()  # a long row of executors is no saga that hangs
        if asynchronous:
            return clients.async_client(AsyncSimTransport(self._cell))
        return clients.client(SimTransport(self._cell))

    def _store(self) -> Path:
        self._stores += 1
        folder = self._stores_root / str(self._stores)
        folder.mkdir()
        self._used.append(folder)
        return folder

    def _drop_stores(self) -> None:
        while self._used:
            shutil.rmtree(self._used.pop(), ignore_errors=True)


def _hung_after_s() -> float:
    """From the environment, for sagas that think for long and for tests that do not want to wait."""
    text = os.environ.get(HUNG_AFTER_VARIABLE)
    try:
        seconds = HUNG_AFTER_S if text is None else float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise UsageError(misplaced(HUNG_AFTER_VARIABLE, text, "a number of seconds above 0"))
    return seconds


def _hung(run: SimRun, hung: SagaHung) -> History:
    executor = run.supervisor.hung()
    run.recorder.add(
        ExecutorEnded(
            t_s=run.recorder.now_s(),
            executor=executor.number,
            saga_id=executor.saga.id,
            problem=f"the saga hung: {hung}",
            timed_out=True,
        )
    )
    return run.recorder.history()


def _refuse_escapes(scenario: Scenario) -> None:
    """A saga that swallowed the refusal of a socket is found out all the same."""
    if guard.refusals:
        first = guard.refusals[0]
        raise UsageError(
            f"scenario {scenario.name!r}, world sim: found {first.tried}, by {first.who}; "
            "expected httpx calls to participants only. Run this saga with --world wire"
        )
