"""Executors: run jobs in this process, or side by side in processes of their own.

A worker holds one world and one scenario at a time. A saga that ends the process, or hangs beyond
what can be interrupted, costs one worker and not the campaign: what it was running becomes a
violation of *termination*, and another worker goes on.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from harness.campaign.options import ProxyKind
from harness.campaign.processes import (
    leave_interrupts_to_the_parent,
    new_mark,
    start_undisturbed,
    sweep_up,
)
from harness.clock import real
from harness.errors import EnvironmentFault, SagaChaosError
from harness.invariants import Verdict
from harness.runner import run_once, saga_id_for
from harness.scenario import Scenario
from harness.search.digest import Digest, Found, Job, digest_run, input_of
from harness.worlds import World

HANG_SLACK_S = 30.0
"""Real seconds beyond all time limits of a run after which its worker is given up."""


_CHUNK = {"sim": 16, "wire": 1}
"""Jobs handed to a worker at once: many where they are quick, for the pipe has its price too."""


def make_world(name: str, proxy: ProxyKind, note: Callable[[str], None]) -> World:
    """The world of a name; imported here, because each is heavy in its own way."""
    if name == "sim":
        from harness.worlds.sim import SimWorld  # noqa: PLC0415

        return SimWorld()
    from harness.worlds.wire import WireWorld  # noqa: PLC0415

    return WireWorld(proxy=proxy, progress=note)


class LocalExecutor:
    """Runs jobs in this process."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self._scenario = scenario
        self._world = world

    def run(self, jobs: Iterable[Job]) -> Iterator[Digest]:
        """One after the other."""
        for input_index, plan in jobs:
            run = run_once(self._scenario, input_of(self._scenario, input_index), plan, self._world)
            yield digest_run(run, input_index, keep_history=not plan.faults)


@dataclass(frozen=True, slots=True)
class _Open:
    reference: str
    world: str
    proxy: ProxyKind


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


@dataclass(frozen=True, slots=True)
class _Opened:
    proxy_kind: str
    proxy_version: str


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    jobs: list[tuple[int, Job]]
    mark: str
    since_s: float = 0.0


class Pool:
    """Worker processes for one scenario in one world. Close it, or use it as a context manager."""

    def __init__(
        self,
        scenario: Scenario,
        world: str,
        *,
        workers: int,
        proxy: ProxyKind,
        load: Callable[[str], Scenario],
        note: Callable[[str], None],
    ) -> None:
        self._scenario = scenario
        self._world = world
        self._load = load
        self._note = note
        self._open = _Open(scenario.reference or scenario.name, world, proxy)
        self._mark = new_mark()
        self._started = 0
        self._wanted = _workers_for(scenario, workers, note)
        self._workers: list[_Worker] = []
        self._context = multiprocessing.get_context("spawn")
        self.proxy_kind = "none"
        self.proxy_version = ""

    def __enter__(self) -> Self:
        try:
            self._workers = [self._start() for _ in range(self._wanted)]
            for worker in self._workers:
                self._await_open(worker)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers; those that do not end by themselves are killed."""
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(timeout=5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers = []
        self._sweep_up(self._mark)

    def _sweep_up(self, mark: str) -> None:
        if self._world == "wire":  # the sagas of sim live in their worker, and die with it
            sweep_up(mark)

    def run(self, jobs: Iterable[Job]) -> Iterator[Digest]:
        """Side by side; digests come in the order of the jobs."""
        waiting = enumerate(jobs)
        done: dict[int, Digest] = {}
        next_index = 0
        while self._hand_out(waiting):
            self._collect(done)
            while next_index in done:
                yield done.pop(next_index)
                next_index += 1

    def _hand_out(self, waiting: Iterator[tuple[int, Job]]) -> bool:
        """Give every idle worker something to do; whether any is busy."""
        for worker in self._workers:
            if not worker.jobs:
                worker.jobs = list(islice(waiting, _CHUNK[self._world]))
                worker.since_s = real.monotonic_s()
                if worker.jobs:
                    self._send(worker, [job for _, job in worker.jobs])
        return any(worker.jobs for worker in self._workers)

    def _send(self, worker: _Worker, message: object) -> None:
        try:
            worker.pipe.send(message)
        except (BrokenPipeError, OSError):
            return  # its end shows in _collect, where it is dealt with

    def _collect(self, done: dict[int, Digest]) -> None:
        busy = [worker for worker in self._workers if worker.jobs]
        ready = wait([worker.pipe for worker in busy], timeout=1.0)
        for worker in busy:
            if worker.pipe in ready:
                self._receive(worker, done)
            elif real.monotonic_s() - worker.since_s > self._patience_s():
                self._give_up(worker, done, "hung: it could not be interrupted")

    def _receive(self, worker: _Worker, done: dict[int, Digest]) -> None:
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(timeout=5)
            self._give_up(worker, done, f"ended the process (exit status {worker.process.exitcode})")
            return
        if isinstance(message, _Failed):
            raise message.error
        index, _ = worker.jobs.pop(0)
        worker.since_s = real.monotonic_s()
        done[index] = message

    def _patience_s(self) -> float:
        limits = self._scenario.faults_end_s(self._world) + self._scenario.limit_s(self._world)
        return HANG_SLACK_S + (limits if self._world == "wire" else 0.0)

    def _give_up(self, worker: _Worker, done: dict[int, Digest], why: str) -> None:
        """What a lost worker was running is a finding; the rest of its jobs go to a new one."""
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        self._sweep_up(worker.mark)
        index, job = worker.jobs[0]
        done[index] = _lost(self._scenario, self._world, job, f"the saga {why}")
        rest = worker.jobs[1:]
        fresh = self._start()
        self._workers[self._workers.index(worker)] = fresh
        self._await_open(fresh)
        fresh.jobs, fresh.since_s = rest, real.monotonic_s()
        if rest:
            self._send(fresh, [job for _, job in rest])

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._load), daemon=True)
        self._started += 1
        mark = f"{self._mark}.{self._started}"
        start_undisturbed(process, mark)
        theirs.close()
        worker = _Worker(process, ours, [], mark)
        self._send(worker, self._open)
        return worker

    def _await_open(self, worker: _Worker) -> None:
        while True:
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError) as error:
                raise EnvironmentFault(
                    f"worker process {worker.process.pid}: found it ended "
                    f"(exit status {worker.process.exitcode}) while it loaded the scenario, "
                    "expected it to answer"
                ) from error
            if isinstance(message, str):
                self._note(message)
            elif isinstance(message, _Failed):
                raise message.error
            else:
                self.proxy_kind, self.proxy_version = message.proxy_kind, message.proxy_version
                return


def _workers_for(scenario: Scenario, workers: int, note: Callable[[str], None]) -> int:
    alone = scenario.saga.alone
    if alone is None or workers == 1:
        return workers
    note(f"{scenario.name}: one run at a time, for {alone}")
    return 1


def _lost(scenario: Scenario, world: str, job: Job, why: str) -> Digest:
    input_index, plan = job
    input_ = input_of(scenario, input_index)
    return Digest(
        input_index=input_index,
        plan=plan,
        saga_id=saga_id_for(scenario, input_, plan, world),
        input=input_,
        found={"termination": Found(Verdict.VIOLATED, why)},
        strikes=(0,) * len(plan.faults),
        accidents=0,
        kinds=(),
        sites=(),
        trace=b"",
        situations=(),
        statuses=(None,),
    )


def _work(pipe: Connection, load: Callable[[str], Scenario]) -> None:
    """The life of a worker: open once, then run what comes, until the pipe closes."""
    leave_interrupts_to_the_parent()
    try:
        _serve(pipe, load)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
        with suppress(OSError):  # unless another worker told it first, and the parent has left
            pipe.send(_Failed(_picklable(error)))


def _serve(pipe: Connection, load: Callable[[str], Scenario]) -> None:
    opened = pipe.recv()
    with ExitStack() as stack:
        world = stack.enter_context(make_world(opened.world, opened.proxy, pipe.send))
        executor = LocalExecutor(load(opened.reference), world)
        pipe.send(_Opened(getattr(world, "proxy_kind", "none"), getattr(world, "proxy_version", "")))
        while True:
            for digest in executor.run(pipe.recv()):
                pipe.send(digest)


def _picklable(error: Exception) -> Exception:
    if isinstance(error, SagaChaosError):
        return (
            type(error)(*error.args)
            if type(error).__init__ is Exception.__init__
            else EnvironmentFault(str(error))
        )
    return EnvironmentFault(f"a worker failed: {type(error).__name__}: {error}")
