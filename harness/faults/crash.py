"""The saga's process dies at a boundary of a call, and is resumed."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.faults.process_fault import dealing
from harness.plan.types import FaultKind
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Claim

_WHERE = {
    one.value: one for one in (Boundary.BEFORE_SEND, Boundary.ON_ARRIVAL, Boundary.APPLIED, Boundary.ANSWERED)
}

KIND = FaultKind(
    name="crash",
    meaning="the process dies, and is resumed 0.1 s later",
    decide=dealing(ProcessFault.CRASH, _WHERE),
    claim=Claim.PROCESS_DEATH,
    in_doubt=True,
    process_fault=ProcessFault.CRASH,
    variants=tuple(_WHERE),
    wire_variants=("on_arrival", "applied", "answered"),
    between=True,
    counts=(1, 2),
    impossible=only_actions_found_again,
)
