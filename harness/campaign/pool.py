"""The pool: runs jobs and chunks side by side in processes of their own.

A worker (`harness.campaign.local`) holds one world and one scenario at a time. A saga that ends the
process, or hangs so that nothing can interrupt it, costs one worker and not the campaign: what it was
running becomes a violation of *termination*, and another worker goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from multiprocessing.connection import wait
from types import TracebackType
from typing import Self

from harness.campaign.arrivals import PartArrived, RunArrived, nobody
from harness.campaign.drawn import Drawing
from harness.campaign.local import Known, Open
from harness.campaign.processes import new_mark, sweep_up
from harness.campaign.worker import Gone, Worker, lost_run
from harness.choices import ProxyKind, WorldName
from harness.clock import real
from harness.errors import EnvironmentFault
from harness.report_model import Proxy
from harness.scenario import Scenario
from harness.search.chunks import Chunk, ChunkPart, Reached
from harness.search.run_summary import Job, RunSummary

HANG_SLACK_S = 30.0
"""Real seconds beyond all time limits of a run after which its worker is given up."""


_CHUNK = {"sim": 16, "wire": 1}
"""Jobs handed to a worker at once: many where they are quick, for the pipe has its price too."""


class Pool:
    """Worker processes for one scenario in one world. Close it, or use it as a context manager."""

    def __init__(
        self,
        scenario: Scenario,
        world: WorldName,
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
        self._open = Open(scenario.reference or scenario.name, world, proxy)
        self._mark = new_mark()
        self._started = 0
        self._wanted = _workers_for(scenario, workers, note)
        self._workers: list[Worker] = []
        self.proxy = Proxy()

    def __enter__(self) -> Self:
        try:
            self._workers = [self._start() for _ in range(self._wanted)]
            for worker in self._workers:
                self.proxy = worker.await_open(self._note)
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
            worker.ended()
        self._workers = []
        self._sweep_up(self._mark)

    def _sweep_up(self, mark: str) -> None:
        if self._world == "wire":  # the sagas of sim live in their worker, and die with it
            sweep_up(mark)

    def run(self, jobs: Iterable[Job], arrived: RunArrived = nobody) -> Iterator[RunSummary]:
        """Side by side; run summaries come in the order of the jobs. arrived: called with each as it ends."""
        waiting = enumerate(jobs)
        done: dict[int, RunSummary] = {}
        next_index = 0
        while self._hand_out(waiting):
            for worker, message in self._heard():
                index = self._take_run_summary(worker, message, done)
                if index is not None:
                    arrived(index, done[index])
            while next_index in done:
                yield done.pop(next_index)
                next_index += 1

    def draw(
        self, chunks: Iterable[Chunk], known: tuple[Reached, ...], arrived: PartArrived = nobody
    ) -> Iterator[ChunkPart]:
        """Chunks side by side; their results come in order."""
        waiting = iter(chunks)
        begun: deque[Drawing] = deque()
        while self._hand_out_chunks(waiting, known, begun, arrived):
            for worker, message in self._heard():
                self._take_drawn(worker, message)
            while begun:
                yield from begun[0].parts()
                if not begun[0].ended:
                    break
                begun.popleft()

    # Handing out ------------------------------------------------------------------------------

    def _hand_out(self, waiting: Iterator[tuple[int, Job]]) -> bool:
        """Give every idle worker something to do; whether any is busy."""
        for worker in self._workers:
            if not worker.jobs:
                self._set_jobs(worker, list(islice(waiting, _CHUNK[self._world])))
        return any(worker.jobs for worker in self._workers)

    def _set_jobs(self, worker: Worker, jobs: list[tuple[int, Job]]) -> None:
        worker.jobs, worker.since_s = jobs, real.monotonic_s()
        if jobs:
            worker.send([job for _, job in jobs])

    def _hand_out_chunks(
        self,
        waiting: Iterator[Chunk],
        known: tuple[Reached, ...],
        begun: deque[Drawing],
        arrived: PartArrived,
    ) -> bool:
        for worker in self._workers:
            chunk = next(waiting, None) if worker.drawing is None else None
            if chunk is not None:
                drawing = Drawing(chunk, arrived)
                begun.append(drawing)
                self._set_drawing(worker, drawing, known)
        return bool(begun)

    def _set_drawing(self, worker: Worker, drawing: Drawing, known: tuple[Reached, ...]) -> None:
        if worker.known is not known:
            worker.known = known
            worker.send(Known(known))
        worker.drawing, worker.since_s = drawing, real.monotonic_s()
        worker.send(drawing.chunk)

    # Hearing ----------------------------------------------------------------------------------

    def _heard(self) -> Iterator[tuple[Worker, object]]:
        """Messages of busy workers, and which of them are lost."""
        busy = [worker for worker in self._workers if worker.busy]
        ready = wait([worker.pipe for worker in busy], timeout=1.0)
        for worker in busy:
            if worker.pipe in ready:
                yield worker, worker.received()
            elif real.monotonic_s() - worker.since_s > self._patience_s():
                yield worker, Gone("hung: it could not be interrupted")

    def _take_run_summary(self, worker: Worker, message: object, done: dict[int, RunSummary]) -> int | None:
        """What a lost worker was running is a finding; the rest of its jobs go to a new one.

        Returns the index of the job that is done, where one is.
        """
        if isinstance(message, Gone):
            fresh, (index, job), *rest = self._replaced(worker), *worker.jobs
            done[index] = self._lost(job, message)
            self._set_jobs(fresh, rest)
            return index
        if isinstance(message, RunSummary):
            index, _ = worker.jobs.pop(0)
            done[index] = message
            return index
        return None

    def _take_drawn(self, worker: Worker, message: object) -> None:
        drawing = worker.drawing
        if drawing is None:
            return
        if not isinstance(message, Gone):
            drawing.take(message)
            worker.drawing = None if drawing.ended else drawing
            return
        if drawing.running is None:
            found = f"a worker process that {message.why} while inputs and faults were drawn"
            raise EnvironmentFault(f"{self._scenario.name}: found {found}, expected it to go on")
        drawing.lost(self._lost(drawing.running, message))
        fresh = self._replaced(worker)
        if not drawing.ended:
            self._set_drawing(fresh, drawing, worker.known)

    def _lost(self, job: Job, gone: Gone) -> RunSummary:
        return lost_run(self._scenario, self._world, job, gone)

    def _patience_s(self) -> float:
        limits = self._scenario.faults_end_s(self._world) + self._scenario.limit_s(self._world)
        return HANG_SLACK_S + (limits if self._world == "wire" else 0.0)

    def _replaced(self, worker: Worker) -> Worker:
        """A new one in place of one that is lost."""
        worker.killed()
        self._sweep_up(worker.mark)
        fresh = self._start()
        self._workers[self._workers.index(worker)] = fresh
        self.proxy = fresh.await_open(self._note)
        return fresh

    def _start(self) -> Worker:
        self._started += 1
        return Worker.started(self._load, f"{self._mark}.{self._started}", self._open)


def _workers_for(scenario: Scenario, workers: int, note: Callable[[str], None]) -> int:
    alone = scenario.alone
    if alone is None or workers == 1:
        return workers
    note(f"{scenario.name}: one run at a time, for {alone}")
    return 1
