"""Mutants side by side: a process for each, which holds its search, and nothing of another's.

Owns starting, hearing and ending them. A process that hangs beyond what can be interrupted, or ends,
costs one mutant. They are forked from a server that has imported the harness and nothing of the
user's, where the system can; else each starts anew. For sim alone: on the wire a search has workers
of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from harness.campaign.processes import leave_interrupts_to_the_parent, new_mark, start_undisturbed
from harness.clock import real
from harness.errors import EnvironmentFault, SagaChaosError, ScenarioError
from harness.mutation.planting import Planted
from harness.mutation.sources import Sources
from harness.mutation.trial import Asked, Counterexample, Result, search, standing_in
from harness.mutation.verdicts import Ended
from harness.search.run_summary import RunSummary

SILENCE_S = 120.0
"""Real seconds without the end of a run, beyond the time of a search, after which a run counts as hung."""

_BEAT_S = 1.0

_PRELOADED = (
    "harness.mutation.trial",
    "harness.worlds.sim",
    "harness.search.property",
    "harness.loading",
)
_DEBUG = "SAGA_CHAOS_DEBUG"

_LONGEST_ADDRESS = 103
"""Bytes of the path of a Unix socket: macOS takes these, Linux four more."""

_ADDRESS = "/pymp-12345678/listener-12345678"
"""What multiprocessing adds to the folder for temporary files."""


@dataclass(frozen=True, slots=True)
class Job:
    """A mutant, and how long it may be searched, in seconds."""

    planted: Planted
    seconds: float


@dataclass(frozen=True, slots=True)
class _Task:
    """What a process is given. scratch: a folder for all that it makes, for it may be killed."""

    asked: Asked
    sources: Sources
    job: Job
    scratch: str


@dataclass(slots=True)
class _Running:
    process: BaseProcess
    pipe: Connection
    job: Job
    since_s: float
    heard_s: float
    found: tuple[Counterexample, ...] = ()


class Workers:
    """Use it as a context manager: nothing that it started outlives it."""

    def __init__(self, asked: Asked, sources: Sources, *, at_once: int) -> None:
        self._asked = asked
        self._sources = sources
        self._at_once = at_once
        self._running: list[_Running] = []
        self._context: ForkServerContext | SpawnContext = multiprocessing.get_context("spawn")
        if "forkserver" in multiprocessing.get_all_start_methods() and _server_has_an_address():
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload(list(_PRELOADED))
        self._mark = new_mark()
        self._scratch = tempfile.TemporaryDirectory(prefix="saga-chaos-mutants-", ignore_cleanup_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._running:
            one.process.kill()
        for one in self._running:
            one.process.join()
            one.pipe.close()
        self._running = []
        self._scratch.cleanup()

    def run(self, jobs: Iterable[Job], give_up_at_s: Callable[[], float | None]) -> Iterator[Ended]:
        """Each as it ends. give_up_at_s: the moment from which on nothing is waited for."""
        waiting = iter(jobs)
        while self._start_more(waiting):
            ready = wait([one.pipe for one in self._running], timeout=0.5)
            for one in list(self._running):
                ended = self._heard(one) if one.pipe in ready else self._overdue(one, give_up_at_s())
                if ended is not None:
                    self._running.remove(one)
                    yield ended

    def _start_more(self, waiting: Iterator[Job]) -> bool:
        while len(self._running) < self._at_once:
            job = next(waiting, None)
            if job is None:
                break
            self._running.append(self._started(job))
        return bool(self._running)

    def _started(self, job: Job) -> _Running:
        ours, theirs = self._context.Pipe()
        task = _Task(self._asked, self._sources, job, self._scratch.name)
        process = self._context.Process(target=_work, args=(theirs, task), daemon=True)
        start_undisturbed(process, self._mark)
        theirs.close()
        now_s = real.monotonic_s()
        return _Running(process, ours, job, now_s, now_s)

    def _heard(self, one: _Running) -> Ended | None:
        try:
            said = one.pipe.recv()
        except (EOFError, OSError):
            one.process.join(timeout=5)
            code = one.process.exitcode
            problem = f"the saga ended the process (exit status {code})"
            return self._ended(one, Result(verdict=None, found=one.found, problem=problem), lost=True)
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Result):
            one.process.join(timeout=5)
            return self._ended(one, said)
        one.heard_s = real.monotonic_s()
        one.found = said or one.found
        return None

    def _overdue(self, one: _Running, give_up_at_s: float | None) -> Ended | None:
        now_s = real.monotonic_s()
        over = now_s - one.since_s > one.job.seconds
        late = over and now_s - one.heard_s > SILENCE_S
        if not late and (give_up_at_s is None or now_s < give_up_at_s):
            return None
        one.process.kill()
        problem = "a run hung, and could not be interrupted" if late else "time was up"
        return self._ended(one, Result(verdict=None, found=one.found, problem=problem), lost=late)

    def _ended(self, one: _Running, result: Result, *, lost: bool = False) -> Ended:
        if one.process.is_alive():
            one.process.kill()
        one.process.join()
        one.pipe.close()
        took_s = real.monotonic_s() - one.since_s
        return Ended(planted=one.job.planted, result=result, seconds=took_s, lost=lost)


def _server_has_an_address() -> bool:
    """The server listens at a Unix socket in the folder for temporary files, whose path may be too long."""
    return len(os.fsencode(tempfile.gettempdir() + _ADDRESS)) <= _LONGEST_ADDRESS


def _work(pipe: Connection, task: _Task) -> None:
    """The life of one process: one search, and its result."""
    leave_interrupts_to_the_parent()
    tempfile.tempdir = task.scratch
    planted = task.job.planted
    if not os.environ.get(_DEBUG):
        _be_silent()
    try:
        with standing_in(task.sources, {planted.file: planted.text}):
            pipe.send(_searched(pipe, task.asked, task.job.seconds))
    except (BrokenPipeError, ConnectionResetError):
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
        told = error if isinstance(error, SagaChaosError) else f"{type(error).__name__}: {error}"
        with suppress(OSError):
            where = f"the search of mutant {planted.id}"
            pipe.send(EnvironmentFault(f"{where}: found {told}, expected that it ends by itself"))


def _searched(pipe: Connection, asked: Asked, seconds: float) -> Result:
    try:
        scenario = asked.load(asked.reference)
    except ScenarioError as error:
        return Result(verdict=None, problem=str(error))

    told_s = real.monotonic_s()

    def heard(run_summary: RunSummary) -> None:
        """A sign of life; and should shrinking a violation never end, it is known all the same."""
        nonlocal told_s
        if run_summary.violated or real.monotonic_s() - told_s > _BEAT_S:
            told_s = real.monotonic_s()
            pipe.send(tuple(_unshrunk(run_summary)))

    return search(asked, scenario, seconds, alone=True, until_first=True, heard=heard)


def _unshrunk(run_summary: RunSummary) -> Iterator[Counterexample]:
    for id_ in run_summary.violated:
        yield Counterexample(
            invariant=id_,
            plan=run_summary.plan,
            input=run_summary.input,
            message=run_summary.found[id_].message,
        )


def _be_silent() -> None:
    """What a saga prints is not ours to show, and many print at once."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
