"""Runs the sagas of one scenario, in as many processes as asked, and collects their latencies.

Every saga has an id of its own, so that back-off with jitter is drawn anew for each. A process that
a saga ends is an error: a benchmark with holes in it would compare like with unlike.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from harness.bench.result import BenchedScenario, plan_as_json
from harness.campaign.open_world import make_world
from harness.campaign.processes import (
    leave_interrupts_to_the_parent,
    new_mark,
    start_undisturbed,
    sweep_up,
)
from harness.choices import ProxyKind, WorldName
from harness.clock import real
from harness.errors import EnvironmentFault, SagaChaosError, ScenarioError
from harness.latency import compensation_seconds, summarised
from harness.plan import FaultPlan
from harness.report_model import Proxy
from harness.runner import run_once
from harness.saga import Step
from harness.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One scenario's benchmark. `load` finds the scenario again in another process."""

    reference: str
    world: WorldName
    plan: FaultPlan
    sagas: int
    concurrency: int
    proxy: ProxyKind
    load: Callable[[str], Scenario]


@dataclass(frozen=True, slots=True)
class _Ready:
    proxy: Proxy


@dataclass(frozen=True, slots=True)
class _Measured:
    number: int
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Failed:
    error: SagaChaosError


_Told = _Ready | _Measured | _Failed | None


def measure(scenario: Scenario, refused: Step, asked: Asked) -> BenchedScenario:
    """Run them all. The time begins when every process is ready."""
    with _workers(asked) as pipes:
        ready = [_heard(pipe, scenario) for pipe in pipes]
        assert isinstance(ready[0], _Ready)
        began_s = real.monotonic_s()
        for pipe in pipes:
            pipe.send(None)
        measured = sorted(_collected(pipes, scenario), key=lambda one: one.number)
        duration_s = real.monotonic_s() - began_s
    seconds = tuple(round(value, 9) for one in measured for value in one.seconds)
    return BenchedScenario(
        name=scenario.name,
        world=asked.world,
        refused=refused.name,
        plan=plan_as_json(asked.plan),
        sagas=asked.sagas,
        concurrency=len(pipes),
        latency_s=summarised(seconds),
        duration_s=round(duration_s, 3),
        proxy=ready[0].proxy,
        seconds=seconds,
    )


def _collected(pipes: Sequence[Connection], scenario: Scenario) -> Iterator[_Measured]:
    open_ = list(pipes)
    while open_:
        for pipe in wait(open_):
            assert isinstance(pipe, Connection)
            told = _heard(pipe, scenario)
            if isinstance(told, _Measured):
                yield told
            else:
                open_.remove(pipe)


def _heard(pipe: Connection, scenario: Scenario) -> _Told:
    try:
        told: _Told = pipe.recv()
    except (EOFError, OSError):
        raise ScenarioError(
            f"scenario {scenario.name!r}: found that its saga ended the process, expected it to return"
        ) from None
    if isinstance(told, _Failed):
        raise told.error
    return told


@contextmanager
def _workers(asked: Asked) -> Iterator[list[Connection]]:
    """Started when this is entered, gone when it is left, however that comes about."""
    context = multiprocessing.get_context("spawn")
    mark = new_mark()
    processes: list[SpawnProcess] = []
    pipes: list[Connection] = []
    try:
        for first in range(min(asked.concurrency, asked.sagas)):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, asked, first), daemon=True)
            start_undisturbed(process, mark)
            theirs.close()
            processes.append(process)
            pipes.append(ours)
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            _end(process)
        sweep_up(mark)


def _end(process: SpawnProcess) -> None:
    process.join(timeout=5)
    if process.is_alive():
        process.kill()
        process.join()


# In the other process -------------------------------------------------------------------------


def _work(pipe: Connection, asked: Asked, first: int) -> None:
    """Every `concurrency`th saga from `first` on."""
    leave_interrupts_to_the_parent()
    try:
        _measure_share(pipe, asked, first)
    except (BrokenPipeError, EOFError, ConnectionResetError):
        return  # nobody listens any more
    except Exception as error:  # noqa: BLE001 - told to the parent, which says it
        with suppress(OSError):  # unless another worker told it first, and the parent has left
            pipe.send(_Failed(_as_ours(error)))


def _as_ours(error: Exception) -> SagaChaosError:
    if isinstance(error, SagaChaosError):
        return type(error)(str(error))
    return EnvironmentFault(f"a worker failed: {type(error).__name__}: {error}")


def _measure_share(pipe: Connection, asked: Asked, first: int) -> None:
    with make_world(asked.world, asked.proxy, lambda _: None) as world:
        scenario = asked.load(asked.reference)
        pipe.send(_Ready(world.proxy))
        pipe.recv()
        unique = f"{os.getpid()}-" if asked.world == "wire" else ""
        for number in range(first, asked.sagas, asked.concurrency):
            input_ = scenario.inputs[number % len(scenario.inputs)]
            run = run_once(scenario, input_, asked.plan, world, saga_id=f"bench-{unique}{number}")
            pipe.send(_Measured(number, compensation_seconds(run.history)))
        pipe.send(None)
