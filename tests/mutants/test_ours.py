"""A saga in our own packages, which are loaded once: in a mutant's process it is the mutant."""

from __future__ import annotations

from harness.loading import load
from harness.mutation.model import Status
from harness.mutation.session import planted_in
from harness.mutation.trial import Asked, Result
from harness.mutation.verdicts import judged
from harness.mutation.workers import Job, Workers
from harness.report_model import ScenarioVerdict


def test_a_mutant_of_the_reference_orchestrator_is_killed() -> None:
    name = "order-fulfilment"
    sources, planted = planted_in(load(name), ["undo_order_forward"])
    asked = Asked(reference=name, load=load, world="sim", search="guided", workers=1, depth=1)
    with Workers(asked, sources, at_once=1) as workers:
        (ended,) = workers.run([Job(one, 60.0) for one in planted], lambda: None)
    mutant = judged(ended, Result(verdict=ScenarioVerdict.PASS, singles=True))
    assert (mutant.status, mutant.invariant) == (Status.KILLED, "compensation_order"), mutant.message
