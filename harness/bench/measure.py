"""Runs the sagas of one scenario in a process of their own, and brings back a sample of each.

A process that a saga ends is an error: a benchmark with holes in it would compare like with unlike.
Refuses to add up (`harness.bench.cells`).
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from harness.bench.samples import Sample, samples_of
from harness.campaign.open_world import make_world
from harness.campaign.processes import (
    leave_interrupts_to_the_parent,
    new_mark,
    start_undisturbed,
    sweep_up,
)
from harness.choices import ProxyKind, WorldName
from harness.errors import EnvironmentFault, SagaChaosError, ScenarioError
from harness.latency_profile import LatencyProfile
from harness.plan import FaultPlan
from harness.report_model import Proxy
from harness.runner import run_sagas
from harness.saga import Json, SagaStart
from harness.scenario import Scenario

HIGHEST_STEADY = 0.5
"""Share of the time in which faults strike: a saga that starts later may see them heal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where sagas are measured. `load` finds the scenario again in another process."""

    reference: str
    world: WorldName
    proxy: ProxyKind
    profile: LatencyProfile | None
    load: Callable[[str], Scenario]


@dataclass(frozen=True, slots=True)
class _Ready:
    proxy: Proxy


@dataclass(frozen=True, slots=True)
class _Batch:
    """One run. first: the number of its first saga."""

    plan: FaultPlan
    at_s: tuple[float, ...]
    first: int


@dataclass(frozen=True, slots=True)
class _Failed:
    error: SagaChaosError


_Told = _Ready | tuple[Sample, ...] | _Failed


class Laboratory:
    """The process in which the sagas of a scenario run. See `laboratory`."""

    def __init__(self, pipe: Connection, scenario: Scenario) -> None:
        self._pipe = pipe
        self._scenario = scenario
        self._sagas = 0
        ready = self._heard()
        assert isinstance(ready, _Ready)
        self.proxy = ready.proxy

    def run(self, plan: FaultPlan, at_s: Sequence[float]) -> tuple[Sample, ...]:
        """One run of as many sagas, each with an id of its own. Raises what the world raises."""
        self._pipe.send(_Batch(plan, tuple(at_s), self._sagas))
        self._sagas += len(at_s)
        told = self._heard()
        assert isinstance(told, tuple)
        return told

    def _heard(self) -> _Told:
        try:
            told: _Told = self._pipe.recv()
        except (EOFError, OSError):
            raise ScenarioError(
                f"scenario {self._scenario.name!r}: found that its saga ended the process, "
                "expected it to return"
            ) from None
        if isinstance(told, _Failed):
            raise told.error
        return told


@contextmanager
def laboratory(scenario: Scenario, surroundings: Surroundings) -> Iterator[Laboratory]:
    """Started when this is entered, gone when it is left, however that comes about."""
    context = multiprocessing.get_context("spawn")
    mark = new_mark()
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, surroundings), daemon=True)
    try:
        start_undisturbed(process, mark)
        theirs.close()
        yield Laboratory(ours, scenario)
    finally:
        ours.close()
        if process.pid is not None:
            process.join(timeout=5)
            if process.is_alive():
                process.kill()
                process.join()
        sweep_up(mark)


# In the other process -------------------------------------------------------------------------


def _work(pipe: Connection, surroundings: Surroundings) -> None:
    leave_interrupts_to_the_parent()
    try:
        _serve(pipe, surroundings)
    except (BrokenPipeError, EOFError, ConnectionResetError):
        return  # nobody listens any more
    except Exception as error:  # noqa: BLE001 - told to the parent, which says it
        with suppress(OSError):
            pipe.send(_Failed(_as_ours(error)))


def _as_ours(error: Exception) -> SagaChaosError:
    if isinstance(error, SagaChaosError):
        return type(error)(str(error))
    return EnvironmentFault(f"a worker failed: {type(error).__name__}: {error}")


def _serve(pipe: Connection, surroundings: Surroundings) -> None:
    with make_world(surroundings.world, surroundings.proxy, lambda _: None, surroundings.profile) as world:
        scenario = surroundings.load(surroundings.reference)
        pipe.send(_Ready(world.proxy))
        while True:
            batch: _Batch = pipe.recv()
            sagas = tuple(
                SagaStart(id=_id(surroundings.world, number), input=_input(scenario, number), at_s=at_s)
                for number, at_s in enumerate(batch.at_s, batch.first)
            )
            pipe.send(samples_of(run_sagas(scenario, sagas, batch.plan, world).history, sagas))


def _id(world: WorldName, number: int) -> str:
    """In sim the same each time, and so is back-off with jitter; on the wire nobody else's."""
    return f"bench-{number}" if world == "sim" else f"bench-{os.getpid()}-{number}"


def _input(scenario: Scenario, number: int) -> Json:
    return scenario.inputs[number % len(scenario.inputs)]
