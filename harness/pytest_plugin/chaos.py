"""What the fixture `saga_chaos` is: single plans, run and judged, for tests of one's own."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.choices import WorldName
from harness.counterexample_text import counterexample_lines
from harness.errors import SagaChaosError
from harness.invariants import Verdict
from harness.loading import beside, load
from harness.plan import FaultPlan
from harness.pytest_plugin.shared import Worlds
from harness.runner import Run, run_once
from harness.saga import Json
from harness.scenario import Scenario


class SagaChaos:
    """`run` a plan, then `check` what came of it."""

    def __init__(self, worlds: Worlds, root: Path) -> None:
        self._worlds = worlds
        self._root = root

    def run(
        self,
        scenario: Scenario | str,
        plan: FaultPlan | None = None,
        *,
        input: Json = None,  # noqa: A002 - what a saga calls it
        world: WorldName | None = None,
    ) -> Run:
        """Run a plan once and judge it. A path starts where the test is, else in pytest's root.

        plan: None is the fault-free run. input: None is the scenario's first. world: None is the
        scenario's default. Raises PlanError for a plan that names something unknown.
        """
        __tracebackhide__ = True
        test = Path(sys._getframe(1).f_code.co_filename)  # noqa: SLF001 - paths start where the test is
        try:
            known = (
                load(beside(scenario, (test.parent, self._root))) if isinstance(scenario, str) else scenario
            )
            name = known.world(world)
            given = known.inputs[0] if input is None else input
            with self._worlds.entered(name) as entered:
                return run_once(known, given, FaultPlan() if plan is None else plan, entered)
        except SagaChaosError as error:
            raise error.with_traceback(None) from None  # its message says it all

    def check(self, run: Run) -> None:
        """Raise the exception of the first invariant that was violated.

        Each has a class of its own, so that Hypothesis shrinks each on its own. An invariant whose
        check crashed raises, too: it is not known to hold.
        """
        __tracebackhide__ = True
        for judgement in run.judgements:
            if judgement.verdict is Verdict.VIOLATED:
                lines = counterexample_lines(run, judgement, f"saga_chaos.run(scenario, {run.plan!r})")
                raise run.invariants[judgement.invariant].error("\n".join(lines))
            if judgement.verdict is Verdict.UNKNOWN:
                raise AssertionError(f"{judgement.message}\n{judgement.traceback}")
