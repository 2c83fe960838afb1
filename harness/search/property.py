"""Hypothesis over fault plans: draws what guided enumeration would not reach, and shrinks it.

Drawing and running are apart, so that runs can go side by side. Hypothesis tells failures apart by
type, so each invariant raises a class of its own and is shrunk on its own. What guided search found
is not shrunk again: Hypothesis would spend its examples on what is as small as it gets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st

from harness.invariants import InvariantViolated, invariants_of
from harness.plan import FaultPlan
from harness.scenario import Scenario
from harness.search.digest import Digest, Executor, Job
from harness.search.guided import StopAsked
from harness.strategies import fault_plans


class PropertySearch:
    """Runs `examples` plans, drawn by Hypothesis from a seed. `left_out` counts what time did not allow."""

    def __init__(self, scenario: Scenario, world: str, *, examples: int, seed: int | None) -> None:
        self._scenario = scenario
        self._world = world
        self._examples = examples
        self._seed = seed or 0
        self.left_out = 0

    def run(self, executor: Executor, stop: StopAsked) -> Iterator[Digest]:
        """Draw all plans, then run those that differ, as long as time allows."""
        drawn: list[Job] = []
        self._test(lambda index, plan: drawn.append((index, plan)), phases=(Phase.generate,))()
        jobs = list(dict.fromkeys(drawn))
        run = 0
        for digest in executor.run(stop.until(jobs)):
            run += 1
            yield digest
        self.left_out = len(jobs) - run

    def shrink(self, executor: Executor, invariants: Collection[str]) -> Iterator[Digest]:
        """Search again from the same seed, and let Hypothesis shrink what violates these invariants."""
        digests: list[Digest] = []

        def check(input_index: int, plan: FaultPlan) -> None:
            (digest,) = executor.run([(input_index, plan)])
            digests.append(digest)
            self._raise_first(digest, invariants)

        # What is raised is for the shrinker alone: the finding is in the digests.
        try:
            with suppress(InvariantViolated, hypothesis.errors.Flaky):
                self._test(check, phases=(Phase.generate, Phase.shrink))()
        except BaseExceptionGroup as group:
            if group.split((InvariantViolated, hypothesis.errors.Flaky))[1] is not None:
                raise
        yield from digests

    def _test(
        self, check: Callable[[int, FaultPlan], None], *, phases: Sequence[Phase]
    ) -> Callable[[], None]:
        plans = fault_plans(self._scenario, self._world)
        indexes = st.integers(min_value=0, max_value=len(self._scenario.inputs) - 1)

        def drawn(input_index: int, plan: FaultPlan) -> None:
            check(input_index, plan)

        chosen = settings(
            max_examples=self._examples,
            database=None,
            deadline=None,
            phases=tuple(phases),
            suppress_health_check=tuple(HealthCheck),
            report_multiple_bugs=True,
            verbosity=Verbosity.quiet,
            print_blob=False,
        )
        seeded = hypothesis.seed(self._seed)
        return seeded(chosen(hypothesis.given(input_index=indexes, plan=plans)(drawn)))

    def _raise_first(self, digest: Digest, invariants: Collection[str]) -> None:
        for id_ in digest.violated:
            if id_ in invariants:
                raise invariants_of(self._scenario)[id_].error(digest.found[id_].message)
