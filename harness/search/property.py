"""Hypothesis over fault plans: draws what guided enumeration would not reach, and shrinks it.

Hypothesis tells failures apart by type, so each invariant raises a class of its own, and each is
shrunk on its own. What guided search found already is not raised again: Hypothesis would spend its
examples on shrinking what is as small as it gets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st

from harness.invariants import INVARIANTS, InvariantViolated
from harness.plan import FaultPlan
from harness.scenario import Scenario
from harness.search.digest import Digest, Executor
from harness.search.guided import StopAsked
from harness.strategies import fault_plans


class _TimeIsUp(Exception):  # noqa: N818 - no error, the way out of Hypothesis
    """Ends the search."""


class PropertySearch:
    """Runs `examples` plans and what shrinking needs; digests are handed over as they come."""

    def __init__(
        self, scenario: Scenario, world: str, *, examples: int, seed: int | None, known: Collection[str]
    ) -> None:
        self._scenario = scenario
        self._world = world
        self._examples = examples
        self._seed = seed
        self._known = frozenset(known)
        self.left_out = 0

    def run(self, executor: Executor, stop: StopAsked, operations: Sequence[str]) -> Iterator[Digest]:
        """Search. Digests come in batches, in the order in which they were run."""
        digests: list[Digest] = []
        test = self._test(executor, stop, operations, digests.append)
        try:
            test()
        except _TimeIsUp:
            self.left_out = max(0, self._examples - len(digests))
        except BaseExceptionGroup as group:
            if group.split(InvariantViolated)[1] is not None:
                raise
        except InvariantViolated:
            # The finding is in the digests; what is raised here was for the shrinker.
            self.left_out = 0
        yield from digests

    def _test(
        self, executor: Executor, stop: StopAsked, operations: Sequence[str], keep: Callable[[Digest], None]
    ) -> Callable[[], None]:
        plans = fault_plans(self._scenario, self._world, operations=operations)
        indexes = st.integers(min_value=0, max_value=len(self._scenario.inputs) - 1)

        def check(input_index: int, plan: FaultPlan) -> None:
            if stop.asked():
                raise _TimeIsUp
            (digest,) = executor.run([(input_index, plan)])
            keep(digest)
            self._raise_new(digest)

        seeded = hypothesis.seed(self._seed or 0)
        return seeded(self._settings()(hypothesis.given(input_index=indexes, plan=plans)(check)))

    def _settings(self) -> settings:
        return settings(
            max_examples=self._examples,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=tuple(HealthCheck),
            report_multiple_bugs=True,
            verbosity=Verbosity.quiet,
            print_blob=False,
        )

    def _raise_new(self, digest: Digest) -> None:
        for id_ in digest.violated:
            if id_ not in self._known:
                raise INVARIANTS[id_].error(digest.found[id_].message)
