"""The saga's process dies at a boundary of a call, and is resumed."""

from __future__ import annotations

from harness.blows import Blow, Boundary
from harness.faults.blow import struck_at
from harness.faults.limits import only_actions_found_again
from harness.plan.treatment import Treatment
from harness.plan.types import FaultKind, Target
from harness.saga import Claim


def _treat(variant: str, target: Target | None) -> Treatment:
    del target
    return struck_at(Blow.CRASH, Boundary(variant))


KIND = FaultKind(
    name="crash",
    meaning="the process dies, and is resumed 0.1 s later",
    treat=_treat,
    claim=Claim.PROCESS_DEATH,
    in_doubt=True,
    blow=Blow.CRASH,
    variants=("before_send", "on_arrival", "applied", "answered"),
    wire_variants=("on_arrival", "applied", "answered"),
    counts=(1, 2),
    impossible=only_actions_found_again,
)
