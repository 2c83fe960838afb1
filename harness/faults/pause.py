"""The saga's process freezes, another executor resumes and ends, then the first one wakes."""

from __future__ import annotations

from harness.faults.limits import only_actions_found_again
from harness.faults.process_fault import dealing
from harness.plan.types import FaultKind
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Claim

_WHERE = {one.value: one for one in (Boundary.ON_ARRIVAL, Boundary.APPLIED, Boundary.ANSWERED)}

KIND = FaultKind(
    name="pause",
    meaning="the process freezes, a second executor resumes and ends, then the first one wakes",
    decide=dealing(ProcessFault.FREEZE, _WHERE),
    claim=Claim.RETRY_ELSEWHERE,
    in_doubt=True,
    process_fault=ProcessFault.FREEZE,
    variants=tuple(_WHERE),
    counts=(1,),
    impossible=only_actions_found_again,
)
