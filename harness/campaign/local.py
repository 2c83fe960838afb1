"""Runs jobs and chunks in this process: for tests, and as the life of a worker process.

A worker holds one world and one scenario at a time, and answers each message in turn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from harness.adapter.printed import catch_output
from harness.campaign.arrivals import PartArrived, RunArrived, nobody
from harness.campaign.open_world import make_world
from harness.campaign.processes import leave_interrupts_to_the_parent
from harness.choices import ProxyKind, WorldName
from harness.errors import EnvironmentFault, SagaChaosError
from harness.report_model import Proxy
from harness.runner import run_once
from harness.scenario import Scenario
from harness.search.chunks import Chunk, ChunkPart, Event, Reached, RunBegins
from harness.search.run_summary import Job, RunSummary, input_of, summarise_run
from harness.worlds import World


class LocalJobRunner:
    """Runs jobs in this process."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self._scenario = scenario
        self._world = world

    @property
    def proxy(self) -> Proxy:
        """Which stands in its world."""
        return self._world.proxy

    def run(self, jobs: Iterable[Job], arrived: RunArrived = nobody) -> Iterator[RunSummary]:
        """One after the other."""
        for index, job in enumerate(jobs):
            run_summary = self._run_summary(job)
            arrived(index, run_summary)
            yield run_summary

    def draw(
        self, chunks: Iterable[Chunk], known: tuple[Reached, ...], arrived: PartArrived = nobody
    ) -> Iterator[ChunkPart]:
        """One after the other; what was found before a chunk failed comes, too."""
        for chunk in chunks:
            parts: list[ChunkPart] = []

            def emit(event: Event, chunk: Chunk = chunk, parts: list[ChunkPart] = parts) -> None:
                if not isinstance(event, RunBegins):
                    arrived(chunk, event)
                    parts.append((chunk, event))

            try:
                self.run_chunk(chunk, known, emit)
            finally:
                yield from parts

    def run_chunk(self, chunk: Chunk, known: tuple[Reached, ...], emit: Callable[[Event], None]) -> None:
        """Draw and run one chunk, and tell as it goes."""
        from harness.search.drawing import run_chunk  # noqa: PLC0415 - Hypothesis takes 150 ms to import

        run_chunk(chunk, self._scenario, known, self._run_summary, emit)

    def _run_summary(self, job: Job) -> RunSummary:
        input_index, plan = job
        run = run_once(self._scenario, input_of(self._scenario, input_index), plan, self._world)
        return summarise_run(run, input_index, keep_history=plan.empty)


@dataclass(frozen=True, slots=True)
class Open:
    """What a worker has to load and enter, first of all."""

    reference: str
    world: WorldName
    proxy: ProxyKind


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a worker cannot go on."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Opened:
    """A worker is ready."""

    proxy: Proxy


@dataclass(frozen=True, slots=True)
class Known:
    """What drawing may build on, for all chunks that follow."""

    runs: tuple[Reached, ...]


def work(pipe: Connection, load: Callable[[str], Scenario]) -> None:
    """The life of a worker: open once, then run what comes, until the pipe closes."""
    leave_interrupts_to_the_parent()
    catch_output()
    try:
        _serve(pipe, load)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
        with suppress(OSError):  # unless another worker told it first, and the parent has left
            pipe.send(Failed(_picklable(error)))


def _serve(pipe: Connection, load: Callable[[str], Scenario]) -> None:
    opened = pipe.recv()
    with ExitStack() as stack:
        world = stack.enter_context(make_world(opened.world, opened.proxy, pipe.send))
        executor = LocalJobRunner(load(opened.reference), world)
        pipe.send(Opened(world.proxy))
        known: tuple[Reached, ...] = ()
        while True:
            message = pipe.recv()
            if isinstance(message, Known):
                known = message.runs
            elif isinstance(message, Chunk):
                executor.run_chunk(message, known, pipe.send)
            else:
                for run_summary in executor.run(message):
                    pipe.send(run_summary)


def _picklable(error: Exception) -> Exception:
    if isinstance(error, SagaChaosError):
        return (
            type(error)(*error.args)
            if type(error).__init__ is Exception.__init__
            else EnvironmentFault(str(error))
        )
    return EnvironmentFault(f"a worker failed: {type(error).__name__}: {error}")
