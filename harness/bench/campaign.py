"""The order of a benchmark: which ways to fail are measured, under which loads, in which rounds.

Cells are measured in turns: what slows the machine down for a while strikes all of them. Refuses to print.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.bench.aborts import KINDS, Abort, aborts, refuse_unknown
from harness.bench.arrivals import Load, batches
from harness.bench.cells import cell_of
from harness.bench.measure import HIGHEST_STEADY, Laboratory, Surroundings, laboratory
from harness.bench.result import Cell, LeftOut
from harness.bench.samples import Sample
from harness.errors import ScenarioError, misplaced
from harness.plan import FaultPlan
from harness.report_model import Proxy
from harness.saga import Status
from harness.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be measured. steps, kinds: all steps, and the usual kinds, where there are none.

    sagas: of each cell, spread over `rounds`. warm_up: of each cell and round, run before and not counted.
    """

    sagas: int
    loads: tuple[Load, ...]
    rounds: int = 1
    warm_up: int = 0
    steps: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of one scenario. samples: of each cell, in the same order."""

    cells: tuple[Cell, ...]
    samples: tuple[tuple[Sample, ...], ...]
    left_out: tuple[LeftOut, ...]
    proxy: Proxy


def measure(
    scenario: Scenario, surroundings: Surroundings, order: Order, note: Callable[[str], None]
) -> Measured:
    """Raises ScenarioError where no way to fail makes the saga undo anything.

    Raises UsageError for steps and kinds that are not there.
    """
    refuse_unknown(scenario, surroundings.world, order.steps, order.kinds)
    tried = aborts(scenario, surroundings.world, order.steps, order.kinds or KINDS)
    with laboratory(scenario, surroundings) as place:
        chosen, left_out = _chosen(scenario, surroundings, place, tried)
        keys = [(abort, load) for abort in chosen for load in order.loads]
        found: list[list[Sample]] = [[] for _ in keys]
        longest_s = HIGHEST_STEADY * scenario.faults_end_s(surroundings.world)
        for round_ in range(order.rounds):
            note(f"{scenario.name} ({surroundings.world}): round {round_ + 1} of {order.rounds}")
            for (abort, load), samples in zip(keys, found, strict=True):
                _run(place, abort.plan, load, order.warm_up, longest_s)
                samples.extend(_run(place, abort.plan, load, _share(order, round_), longest_s))
        proxy = place.proxy
    counts = surroundings.world == "sim" and surroundings.profile is None
    cells = tuple(
        cell_of(scenario.name, surroundings.world, abort, load, samples, counts_messages=counts)
        for (abort, load), samples in zip(keys, found, strict=True)
    )
    return Measured(cells=cells, samples=tuple(map(tuple, found)), left_out=left_out, proxy=proxy)


def _run(place: Laboratory, plan: FaultPlan, load: Load, sagas: int, longest_s: float) -> Sequence[Sample]:
    return [one for at_s in batches(load, sagas, longest_s) for one in place.run(plan, at_s)]


def _share(order: Order, round_: int) -> int:
    whole, rest = divmod(order.sagas, order.rounds)
    return whole + (round_ < rest)


def _chosen(
    scenario: Scenario, surroundings: Surroundings, place: Laboratory, tried: Sequence[Abort]
) -> tuple[list[Abort], tuple[LeftOut, ...]]:
    """Those that make the saga undo something, or leave it stuck; the others with the reason."""
    where = f"scenario {scenario.name!r}"
    (sound,) = place.run(FaultPlan(), (0.0,))
    if sound.ended != Status.COMPLETED:
        expected = "completed: there is nothing to compare a failure with"
        raise ScenarioError(misplaced(f"{where}, its fault-free run", sound.ended, expected))
    chosen: list[Abort] = []
    left_out: list[LeftOut] = []
    for abort in tried:
        (one,) = place.run(abort.plan, (0.0,))
        why = _why_not(one)
        if why is None:
            chosen.append(abort)
        else:
            left_out.append(LeftOut(name=scenario.name, world=surroundings.world, abort=str(abort), why=why))
    if not chosen:
        names = "; ".join(f"{one.abort}: {one.why}" for one in left_out) or "no step that can be made to fail"
        expected = "a step whose failure makes the saga undo something and answer compensated"
        raise ScenarioError(misplaced(f"{where}, steps", names, expected))
    return chosen, tuple(left_out)


def _why_not(sample: Sample) -> str | None:
    if sample.ended == Status.COMPLETED:
        return "the saga completed all the same"
    if sample.ended == Status.COMPENSATED and sample.compensation is None:
        return "there was nothing to undo"
    return None
