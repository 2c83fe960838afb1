"""The saga's caller cancels it in the middle of a call."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.faults.process_fault import dealing
from harness.plan.types import FaultKind
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Claim

_WHERE = {one.value: one for one in (Boundary.ON_ARRIVAL, Boundary.APPLIED)}

KIND = FaultKind(
    name="cancel",
    meaning="the caller cancels in the middle of a call",
    decide=dealing(ProcessFault.CANCEL, _WHERE),
    claim=Claim.CANCEL,
    in_doubt=True,
    process_fault=ProcessFault.CANCEL,
    variants=tuple(_WHERE),
    counts=(1,),
    impossible=only_actions_found_again,
)
