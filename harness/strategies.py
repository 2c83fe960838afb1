"""Hypothesis strategies for plans and inputs: the only place where anything is drawn.

A fault takes three draws (what and where, which call, how often), so that the shrinker leaves none
dead. Refuses to draw what no saga could hold: impossible faults are not among the choices.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from harness.faults.unlocked import Possible, unlocked_faults
from harness.plan import Fault, FaultPlan, Lasting
from harness.saga import Json
from harness.scenario import Scenario

MOST_FAULTS = 4
MOST_NTH = 6


def fault_plans(
    scenario: Scenario,
    world: str = "sim",
    *,
    operations: Sequence[str] | None = None,
    most_faults: int = MOST_FAULTS,
    most_nth: int = MOST_NTH,
) -> st.SearchStrategy[FaultPlan]:
    """Plans of up to `most_faults` faults at the given operations; None: at all of them."""
    unlocked = unlocked_faults(scenario, world)
    names = tuple(scenario.operations) if operations is None else tuple(operations)
    choices = [possible for name in names for possible in unlocked.possible[name]]
    if not choices:
        return st.just(FaultPlan())
    restarts = any(one.kind.blow is not None and one.kind.blow.kills for one in choices)
    fault = st.builds(
        _fault,
        st.sampled_from(choices),
        st.integers(min_value=1, max_value=most_nth),
        st.integers(min_value=0, max_value=max(len(_counts(one, restarts)) for one in choices) - 1),
        st.just(restarts),
    )
    return st.lists(fault, max_size=most_faults).map(_plan)


def inputs(scenario: Scenario) -> st.SearchStrategy[Json]:
    """One of the scenario's inputs."""
    return st.sampled_from(scenario.inputs)


def _counts(possible: Possible, restarts: bool) -> tuple[int | Lasting, ...]:
    counts = possible.kind.counts
    return (*counts, Lasting.UNTIL_RESTART) if restarts and Lasting.FOR_EVER in counts else counts


def _fault(possible: Possible, nth: int, rung: int, restarts: bool) -> Fault:
    counts = _counts(possible, restarts)
    return Fault(
        kind=possible.kind.name,
        operation=possible.operation,
        nth=nth,
        count=counts[min(rung, len(counts) - 1)],
        variant=possible.variant,
    )


def _plan(faults: list[Fault]) -> FaultPlan:
    return FaultPlan(tuple(faults))
